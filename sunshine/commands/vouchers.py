"""`sunshine vouchers`: create and list vouchers. Rules: sunshine/modules/onapps/vouchers.py."""

from datetime import datetime
from typing import TYPE_CHECKING, Any

import click

from sunshine.commands import output
from sunshine.commands.dates import DAY
from sunshine.commands.output import json_option

if TYPE_CHECKING:
    from sunshine.database.database import Database
    from sunshine.modules.onapps.rows import VoucherRow

COLUMNS = ("id", "code", "discountType", "discountValue", "validUntil", "usageLimit", "used",
           "active")  # fmt: skip

MOST = 100_000
# Without I, L, O, 0 and 1, which are mistaken for one another.
LETTERS = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"


def _terms(command: Any) -> Any:
    """Add the options of a voucher's terms to a command."""
    for option in (
        click.option("--until", type=DAY, help="Last day it is valid."),
        click.option("--min-purchase", type=float, default=0, help="Minimum order amount."),
        click.option("--fixed", type=float, metavar="AMOUNT", help="Take off an amount."),
        click.option("--percent", type=float, help="Take off a percentage."),
    ):
        command = option(command)
    return command


@click.group()
def vouchers() -> None:
    """Vouchers of the company's apps."""


@vouchers.command("list")
@click.option("--search", help="Only those with this in code or description.")
@click.option("--active/--inactive", default=None, help="Only active, or only inactive ones.")
@json_option
def list_(search: str | None, active: bool | None, as_json: bool) -> None:
    """List the vouchers."""
    from sunshine.commands.context import run

    async def work(database: "Database") -> "list[VoucherRow]":
        from sunshine.modules.onapps import vouchers as rules

        asked = {k: v for k, v in {"search": search, "active": active}.items() if v is not None}
        return await rules.listing.every(database, asked)

    rows = run(work)
    output.table(rows, as_json=as_json, columns=COLUMNS)


@vouchers.command()
@click.argument("code")
@click.option("--limit", type=click.IntRange(1), help="How often it can be used in total.")
@_terms
def create(
    code: str,
    limit: int | None,
    percent: float | None,
    fixed: float | None,
    min_purchase: float,
    until: datetime | None,
) -> None:
    """Create a voucher with this CODE."""
    values = _values(percent, fixed, min_purchase, until) | {"code": code, "usageLimit": limit}
    [row] = _create_all([values])
    output.say(f"Created voucher {row['code']}.")


@vouchers.command()
@click.option("--count", type=click.IntRange(1, MOST), required=True, help="How many.")
@click.option("--prefix", default="", help="What each code begins with.")
@_terms
def generate(
    count: int,
    prefix: str,
    percent: float | None,
    fixed: float | None,
    min_purchase: float,
    until: datetime | None,
) -> None:
    """Create many single-use vouchers, all or none; prints their codes, one per line."""
    import secrets

    terms = _values(percent, fixed, min_purchase, until) | {"usageLimit": 1}
    codes: set[str] = set()
    while len(codes) < count:
        codes.add(prefix + "".join(secrets.choice(LETTERS) for _ in range(10)))
    for row in _create_all([{**terms, "code": code} for code in sorted(codes)]):
        click.echo(output.cell(row["code"]))
    output.say(f"Created {count} vouchers.")


def _values(
    percent: float | None, fixed: float | None, min_purchase: float, until: datetime | None
) -> dict[str, Any]:
    if (percent is None) == (fixed is None):
        raise click.UsageError("say either --percent or --fixed")
    kind, value = ("percentage", percent) if fixed is None else ("fixed", fixed)
    return {
        "discountType": kind,
        "discountValue": value,
        "minPurchase": min_purchase,
        "validUntil": until.date().isoformat() if until else None,
    }


def _create_all(given: list[dict[str, Any]]) -> "list[VoucherRow]":
    from sunshine.commands.context import operator, run
    from sunshine.core.validation import Payload
    from sunshine.modules.onapps.schemas import CREATE

    payload = Payload(CREATE)
    checked = [payload.check(values) for values in given]

    async def work(database: "Database") -> "list[VoucherRow]":
        from sunshine.modules.onapps import vouchers as rules

        made = []
        with output.progress("Creating vouchers", len(checked)) as step:
            async with database.transaction(operator()) as tx:
                for values in checked:
                    made.append(await rules.create(tx, values))
                    step()
        return made

    return run(work)
