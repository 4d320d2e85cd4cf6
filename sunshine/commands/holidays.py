"""`sunshine holidays`: a year's holidays from public data. Rules:
sunshine/modules/leave/holidays.py."""

from typing import TYPE_CHECKING, TypedDict

import click

from sunshine.commands import output
from sunshine.commands.output import json_option

if TYPE_CHECKING:
    from collections.abc import Collection

    from sunshine.database.database import Database
    from sunshine.modules.leave.rows import HolidayRow

COLUMNS = ("date", "name", "kind", "deductsAnnual")
MAX_NAME = 200
years = click.IntRange(1900, 2100)


class NewHoliday(TypedDict):
    """A holiday to create; `date` is YYYY-MM-DD."""

    date: str
    name: str
    kind: str


@click.group()
def holidays() -> None:
    """List and import the company's holidays."""


@holidays.command("list")
@click.option("--year", type=years, help="Default: the current year.")
@json_option
def list_(year: int | None, as_json: bool) -> None:
    """List the holidays of a year."""
    from sunshine.commands.context import run

    rows = run(lambda database: _known(database, year or database.today.year))
    output.table(rows, as_json=as_json, columns=COLUMNS)


@holidays.command("import")
@click.option("--country", required=True, help="The ISO code of two letters, such as ID.")
@click.option("--year", type=years, required=True, help="The year to import.")
@click.option("--subdiv", help="A state or province with its own holidays, such as BY.")
@click.option(
    "--categories", help="Separated by commas.  [default: public; for ID public,government]"
)
@click.option("--language", help="Of the names, such as en_US.  [default: the country's own]")
@click.option("--dry-run", is_flag=True, help="Show what would be created, and change nothing.")
@json_option
def import_(
    country: str,
    year: int,
    subdiv: str | None,
    categories: str | None,
    language: str | None,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Import a country's holidays; a date that has a holiday already keeps it.

    The government's days of Indonesia are joint leave (cuti bersama): they become collective
    holidays, which are paid from annual leave. All others become public holidays. Dates that depend
    on the moon are estimates for years ahead, and their names say so.
    """
    from sunshine.commands.context import run

    days = _of_country(country.upper(), year, subdiv, categories, language)
    rows = run(lambda database: _create(database, year, days, dry_run))
    output.table(rows, as_json=as_json, columns=("date", "name", "kind", "outcome"))
    new = sum(row["outcome"] != "kept" for row in rows)
    if dry_run:
        output.say(f"{new} of {len(rows)} would be created; nothing was changed.")
    else:
        output.say(f"{new} of {len(rows)} created; the others were there already.")


def _of_country(
    country: str, year: int, subdiv: str | None, categories: str | None, language: str | None
) -> "list[NewHoliday]":
    """Return the holidays of a country's year as new ones, by date."""
    from holidays import country_holidays, list_supported_countries

    if country not in list_supported_countries(include_aliases=False):
        raise click.UsageError(f"--country: {country} is not known")
    try:
        about = country_holidays(country, subdiv=subdiv)
    except NotImplementedError as error:
        raise click.UsageError(f"--subdiv: {error}") from None
    standard = "public,government" if country == "ID" else "public"
    asked = [word.strip() for word in (standard if categories is None else categories).split(",")]
    _check("--categories", asked, about.supported_categories)
    # Left open, it would be that of the terminal.
    language = language or about.default_language
    _check("--language", [language], about.supported_languages or (None,))
    days: dict[str, NewHoliday] = {}
    for category in asked:
        is_joint_leave = country == "ID" and category == "government"
        kind = "collective" if is_joint_leave else "public"
        found = country_holidays(
            country, subdiv=subdiv, years=year, categories=category, language=language
        )
        for day, name in found.items():
            date = day.isoformat()
            days.setdefault(date, {"date": date, "name": name[:MAX_NAME], "kind": kind})
    if not days:
        raise output.CommandError(f"no holidays of {country} in {year} are known", output.NOT_FOUND)
    return [days[date] for date in sorted(days)]


def _check(option: str, asked: "Collection[str | None]", known: "Collection[str | None]") -> None:
    wrong = [word for word in asked if word not in known]
    if wrong:
        named = ", ".join(sorted(str(word) for word in known))
        raise click.UsageError(f"{option}: {wrong[0]!r} is not one of {named}")


async def _known(database: "Database", year: int) -> "list[HolidayRow]":
    from sunshine.modules.leave.holidays import holidays as records

    rows = await records.listing.every(database, {"year": year})
    return sorted(rows, key=lambda row: row["date"])


async def _create(
    database: "Database", year: int, days: "list[NewHoliday]", dry_run: bool
) -> list[dict[str, str]]:
    """Create the new holidays, all or none.

    Returns each date with its outcome: `kept` with the holiday there, else `created` or `new`.
    """
    from sunshine.commands.context import operator
    from sunshine.core.validation import Payload
    from sunshine.modules.leave import holidays as rules
    from sunshine.modules.leave.holidays_schemas import CREATE

    known = {row["date"].isoformat(): row for row in await _known(database, year)}
    payload = Payload(CREATE)
    if not dry_run:
        async with database.transaction(operator()) as tx:
            for day in days:
                if day["date"] not in known:
                    await rules.create(tx, payload.check(day))
    return [
        {
            "date": day["date"],
            "name": known.get(day["date"], day)["name"],
            "kind": known.get(day["date"], day)["kind"],
            "outcome": "kept" if day["date"] in known else "new" if dry_run else "created",
        }
        for day in days
    ]
