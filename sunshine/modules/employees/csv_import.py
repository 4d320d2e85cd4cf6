"""The import of many employees from a CSV file, all or none. One at a time: employees.py."""

import asyncio
import csv
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from sqlalchemy import ARRAY, Integer, Text, any_, bindparam, func, insert, select

from models.employees import employee
from sunshine.core.errors import Faults, Invalid, shortened
from sunshine.core.validation import Payload
from sunshine.database.database import Transaction
from sunshine.database.records import stamped
from sunshine.database.statements import IdRow, Statement
from sunshine.files.links import Links
from sunshine.formats import spreadsheets
from sunshine.modules.employees.employees import FIELDS, ROWS
from sunshine.modules.employees.lookups import NAMED, id_of
from sunshine.modules.employees.rows import EmployeeRow, UsedValueRow
from sunshine.modules.employees.schemas import LINE

COLUMNS = tuple(LINE)
MAX_LINES = 5000
_NO_FILES = Links()

Errors = list[dict[str, Any]]

# The columns that no two employees share, and the message where they would.
_UNIQUE = {
    "email": (employee.c.email, "Another employee has this email address"),
    "employeeCode": (employee.c.employee_code, "Another employee has this code"),
}
_TAKEN = {
    field: Statement(
        select(func.lower(column).label("value")).where(
            func.lower(column) == any_(bindparam("values", type_=ARRAY(Text))),
            employee.c.deleted_at.is_(None),
        ),
        UsedValueRow,
    )
    for field, (column, _) in _UNIQUE.items()
}
# One statement for all lines: each parameter is a list with an item for each of them.
_STORED = {
    FIELDS[name]: name
    for name in (*(name for name in COLUMNS if name not in NAMED), *(f"{n}Id" for n in NAMED))
}
_INSERT = Statement(
    insert(employee)
    .from_select(
        [*_STORED, *stamped(employee)],
        select(
            *(
                func.unnest(bindparam(name, type_=ARRAY(column.type)))
                for column, name in _STORED.items()
            ),
            *stamped(employee).values(),
        ),
    )
    .returning(employee.c.id),
    IdRow,
)
_FIND = Statement(
    ROWS.where(employee.c.id == any_(bindparam("ids", type_=ARRAY(Integer)))), EmployeeRow
)


class Line(NamedTuple):
    """The values of one new employee, and the number of the line where they begin."""

    number: int
    values: dict[str, Any]


async def parse(text: str) -> list[Line]:
    """Read the employees of a CSV text; Invalid names each fault by its `line` and `field`."""
    return await asyncio.to_thread(_parse, text)


async def create_all(tx: Transaction, lines: list[Line]) -> None:
    """Create an employee for each line; Invalid as `parse`."""
    await _resolve_names(tx, lines)
    _reject(Faults(await _taken(tx, lines)))
    values = {name: [line.values.get(name) for line in lines] for name in _STORED.values()}
    made = await tx.all(_INSERT, **values)
    for row in await tx.all(_FIND, ids=[row["id"] for row in made]):
        await tx.record("employee_created", "employee", row["id"], after=row)


def _parse(text: str) -> list[Line]:
    faults = Faults()
    try:
        found = list(_lines(text, faults))
    except csv.Error as error:
        raise Invalid(f"The file is not CSV: {error}", code="invalid_csv") from None
    faults.extend(_repeated(found))
    _reject(faults)
    if not found:
        raise Invalid("The file has no line below its header")
    return found


def _lines(text: str, faults: Faults) -> Iterator[Line]:
    """Yield the lines below the header that hold valid values, and collect the others' faults."""
    lines = spreadsheets.read(text)
    header = _header(lines)
    check = Payload(LINE).check
    for count, (number, cells) in enumerate(lines):
        if count == MAX_LINES:
            raise Invalid(f"The file has more than {MAX_LINES} lines")
        try:
            if len(cells) != len(header):
                raise Invalid.field("", "has not as many cells as the header")
            filled = {name: cell for name, cell in zip(header, cells, strict=True) if cell.strip()}
            values = check(filled)
            _NO_FILES.refuse_uploads(values)
            yield Line(number, values)
        except Invalid as error:
            faults.extend(({**each, "line": number} for each in error.errors), error.omitted)


def _header(lines: Iterator[spreadsheets.Line]) -> list[str]:
    """Return the names of the columns; Invalid for unknown, repeated and missing ones."""
    number, cells = next(lines, (1, []))
    header = [cell.strip() for cell in cells]
    given = Counter(header)
    wrong = {name: "unknown column" for name in given if name not in LINE}
    wrong |= {name: "column given more than once" for name, times in given.items() if times > 1}
    wrong |= {
        name: "required column is missing"
        for name, field in LINE.items()
        if field.get("required") and name not in header
    }
    _reject(
        Faults(
            {"line": number, "field": shortened(name), "message": why}
            for name, why in wrong.items()
        )
    )
    return header


def _repeated(lines: Iterable[Line]) -> Errors:
    """Return an error for each unique value that an earlier line of the file has."""
    errors: Errors = []
    first: dict[tuple[str, str], int] = {}
    for line in lines:
        for field in _UNIQUE.keys() & line.values.keys():
            before = first.setdefault((field, line.values[field].lower()), line.number)
            if before != line.number:
                message = f"stands in line {before} already"
                errors.append({"line": line.number, "field": field, "message": message})
    return errors


async def _taken(tx: Transaction, lines: list[Line]) -> Errors:
    """Return an error for each unique value that a stored employee has."""
    errors: Errors = []
    for field, (_, message) in _UNIQUE.items():
        numbers = {
            line.values[field].lower(): line.number for line in lines if field in line.values
        }
        for row in await tx.all(_TAKEN[field], values=list(numbers)):
            errors.append({"line": numbers[row["value"]], "field": field, "message": message})
    return errors


async def _resolve_names(tx: Transaction, lines: list[Line]) -> None:
    """Replace the names of positions and departments by their ids.

    Each name is looked up once, in alphabetical order, so that two imports never wait for each
    other.
    """
    for field, table in NAMED.items():
        having = [line for line in lines if field in line.values]
        names: dict[str, str] = {}
        for line in having:
            names.setdefault(line.values[field].lower(), line.values[field])
        ids = {lower: await id_of(tx, table, names[lower]) for lower in sorted(names)}
        for line in having:
            line.values[f"{field}Id"] = ids[line.values.pop(field).lower()]


def _reject(faults: Faults) -> None:
    """Raise Invalid with the faults, if there are any, in the order of their lines."""
    if faults:
        faults.named.sort(key=lambda error: error["line"])
        message = "The file has errors, the first in line {line}: {field} {message}"
        raise Invalid(message.format(**faults.named[0]), errors=faults)
