"""Many employees from a CSV file, all or none. One at a time: employees.py."""

import csv
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

from sunshine import sheets
from sunshine.db import Row, Transaction
from sunshine.errors import Conflict, Invalid
from sunshine.rules import employees
from sunshine.schemas.employees import LINE
from sunshine.validation import Payload

COLUMNS = tuple(LINE)
MAX_LINES = 5000
_LINE = Payload(LINE)

Begin = Callable[[], AbstractAsyncContextManager[Transaction]]


class _Checked(Exception):
    """Ends the transaction of a dry run: everything was tried, nothing is kept."""


async def take(begin: Begin, text: str, *, dry_run: bool) -> Row:
    """Create an employee for each line; `{"dryRun", "rows"}`.

    Raises Invalid with `errors` by `line` and `field`. A dry run does all of it and keeps nothing.
    """
    lines = _parsed(text)
    report = {"dryRun": dry_run, "rows": len(lines)}
    try:
        async with begin() as tx:
            await _create(tx, lines)
            if dry_run:
                raise _Checked
    except _Checked:
        pass
    return report


async def _create(tx: Transaction, lines: list[tuple[int, Row]]) -> None:
    for line, values in lines:
        try:
            await employees.create(tx, values)
        except (Conflict, Invalid) as error:
            found = error.errors or [{"field": "", "message": error.message}]
            raise Invalid(
                f"Line {line}: {found[0]['message']}",
                code=error.code,
                errors=[{**each, "line": line} for each in found],  # type: ignore[dict-item]
            ) from error


def _parsed(text: str) -> list[tuple[int, Row]]:
    lines: list[tuple[int, Row]] = []
    errors: list[dict[str, Any]] = []
    seen: dict[tuple[str, str], int] = {}
    try:
        for line, cells in sheets.read(text):
            values, wrong = _checked(cells)
            wrong += _repeated(values, line, seen)
            errors += [{**each, "line": line} for each in wrong]
            lines.append((line, values))
    except csv.Error as error:
        raise Invalid(f"The file is not CSV: {error}", code="invalid_csv") from None
    if errors:
        raise Invalid("The file has errors", errors=errors)
    if not 0 < len(lines) <= MAX_LINES:
        raise Invalid(f"The file must have 1 to {MAX_LINES} lines below its header")
    return lines


def _checked(cells: dict[str | None, Any]) -> tuple[Row, list[dict[str, Any]]]:
    if None in cells or None in cells.values():
        return {}, [{"field": "", "message": "has not as many cells as the header"}]
    filled = {name: value for name, value in cells.items() if value.strip()}
    try:
        return _LINE.check(filled), []
    except Invalid as error:
        return {}, list(error.errors)


def _repeated(values: Row, line: int, seen: dict[tuple[str, str], int]) -> list[dict[str, Any]]:
    """What must be unique and stands in the file already; said for every line."""
    wrong = []
    for field in ("email", "employeeCode"):
        value = (values.get(field) or "").lower()
        first = seen.setdefault((field, value), line)
        if value and first != line:
            wrong.append({"field": field, "message": f"stands in line {first} already"})
    return wrong
