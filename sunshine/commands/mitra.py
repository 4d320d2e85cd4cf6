"""`sunshine mitra`: partners and their documents. Rules: sunshine/modules/mitra."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from sunshine.commands import output
from sunshine.commands.output import json_option

if TYPE_CHECKING:
    from sunshine.core.settings import Settings
    from sunshine.database.database import Database, Databases
    from sunshine.modules.mitra.rows import DocumentRow, PartnerRow

PARTNERS = ("id", "name", "type", "status", "contactName", "phone", "email")
DOCUMENTS = ("id", "title", "kind", "version", "updatedAt", "fields")


@click.group()
def mitra() -> None:
    """Partners and their documents."""


@mitra.command("list")
@click.option("--type", "type_", metavar="TYPE", help="Only partners of this type.")
@click.option("--status", type=click.Choice(["active", "inactive"]), help="Only these partners.")
@click.option("--search", help="Only partners with this text in name, contact or email address.")
@json_option
def list_(type_: str | None, status: str | None, search: str | None, as_json: bool) -> None:
    """List the partners."""
    from sunshine.commands.context import run

    async def work(database: "Database") -> "list[PartnerRow]":
        from sunshine.modules.mitra.partners import partners

        given = {"type": type_, "status": status, "search": search}
        asked = {name: value for name, value in given.items() if value is not None}
        return await partners.listing.every(database, asked)

    _show(run(work, "mitra"), PARTNERS, as_json)


@mitra.command()
@click.argument("partner")
@click.option("--kind", help="Only documents of this kind.")
@click.option("--search", help="Only documents with this text in their title.")
@json_option
def documents(partner: str, kind: str | None, search: str | None, as_json: bool) -> None:
    """List the documents of a PARTNER, given by name or id; --json includes all fields."""
    from sunshine.commands.context import run_on_all

    async def work(databases: "Databases", settings: "Settings") -> "list[DocumentRow]":
        from sunshine.commands import lookup
        from sunshine.modules.mitra import documents as rules

        found = await lookup.partner(databases["mitra"], partner)
        given = {"kind": kind, "search": search}
        asked = {name: value for name, value in given.items() if value is not None}
        return await rules.every(databases, asked, found["id"])

    rows = run_on_all(work)
    summaries = [{**row, "fields": _summary(row["fields"])} for row in rows]
    _show(rows if as_json else summaries, DOCUMENTS, as_json)


def _summary(fields: Mapping[str, Any] | None) -> str:
    """Return the names of the fields, as many as fit."""
    if fields is None:
        return "lost"
    names = ", ".join(fields)
    return names if len(names) <= 60 else f"{names[:59]}…"


def _show(rows: Sequence[Mapping[str, Any]], columns: tuple[str, ...], as_json: bool) -> None:
    shown = rows if as_json else [{name: row[name] for name in columns} for row in rows]
    output.table(shown, as_json=as_json, columns=columns)
