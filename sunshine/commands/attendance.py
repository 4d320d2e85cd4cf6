"""`sunshine attendance`: the month's figures. Rules: sunshine/modules/attendance/report.py."""

import sys
from typing import IO, TYPE_CHECKING, Any

import click

from sunshine.commands import output
from sunshine.commands.output import json_option

if TYPE_CHECKING:
    from sunshine.database.database import Database
    from sunshine.modules.attendance.rows import MonthReport


@click.group()
def attendance() -> None:
    """Report attendance."""


@attendance.command()
@click.option("--month", type=click.IntRange(1, 12), required=True, help="The month, 1 to 12.")
@click.option("--year", type=click.IntRange(1, 9999), required=True, help="The year, such as 2026.")
@click.option("--department", metavar="NAME|ID", help="Only the employees of this department.")
@click.option(
    "--format",
    "format_",
    type=click.Choice(["table", "csv", "json", "xlsx"]),
    default="table",
    show_default=True,
    help="The format of the report.",
)
@click.option(
    "--output", "file", type=click.File("wb", atomic=True), help="Write the report to this file."
)
@json_option
def report(
    month: int,
    year: int,
    department: str | None,
    format_: str,
    file: IO[bytes] | None,
    as_json: bool,
) -> None:
    """Print a month in figures: days and hours of each employee, and the totals.

    Leave is in days; permits, work and overtime are in hours.
    """
    from sunshine.commands.context import run

    format_ = "json" if as_json else format_
    if format_ == "table" and file:
        raise click.UsageError("--output needs --format csv, json or xlsx")
    if format_ == "xlsx" and not file and sys.stdout.isatty():
        raise click.UsageError("a terminal shows no xlsx: use --output")
    found = run(lambda database: _report(database, {"month": month, "year": year}, department))
    _print(found, format_, file)


async def _report(
    database: "Database", query: dict[str, Any], department: str | None
) -> "MonthReport":
    from sunshine.modules.attendance import report as attendance_report

    if department is not None:
        query["departmentId"] = await _department(database, department)
    return await attendance_report.report(database, query, actor=None)


async def _department(database: "Database", said: str) -> int:
    """Return the id of the department that has this name or id."""
    from sunshine.modules.employees.departments import departments

    for row in await departments.listing.every(database, {}):
        if said in (str(row["id"]), row["name"]) or said.lower() == row["name"].lower():
            return int(row["id"])
    raise output.CommandError(f"there is no department {said}", output.NOT_FOUND)


def _print(found: "MonthReport", format_: str, file: IO[bytes] | None) -> None:
    import asyncio

    from sunshine.core import json
    from sunshine.formats import spreadsheets
    from sunshine.modules.attendance.report import COLUMNS, lines

    if format_ == "table":
        rows = [{name: row.get(name) for name in COLUMNS} for row in lines(found)]
        output.table(rows, columns=COLUMNS)
    elif format_ == "json" and not file:
        output.document(found)
    else:
        content = (
            json.encode(found)
            if format_ == "json"
            else asyncio.run(spreadsheets.make(format_, COLUMNS, lines(found)))
        )
        (file or sys.stdout.buffer).write(content)
