"""Tables as CSV and XLSX files, made in a thread. A cell never becomes a formula.

Characters stored before they were refused (sunshine/core/characters.py) are written as U+FFFD:
terminals obey control characters, XML has no U+FFFE, marks of direction reverse text.
"""

import asyncio
import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sunshine.core.characters import replaced

Rows = Sequence[Mapping[str, Any]]

MEDIA = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
# What a spreadsheet would run, in full width too; a leading apostrophe makes it text, which `read`
# removes again.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
Line = tuple[int, list[str]]
MAX_LINE_LENGTH = 256 * 1024
MAX_PHYSICAL_LINES = 100_000  # blank ones, and those within quotes, too
_PHYSICAL_LINE = re.compile(r"[^\r\n]*+(?:\r\n?|\n)|[^\r\n]++")


async def make(format_: str, columns: Sequence[str], rows: Rows) -> bytes:
    """Return the columns of rows, with a header line, as `csv` or `xlsx`."""
    return await asyncio.to_thread({"csv": _csv, "xlsx": _xlsx}[format_], columns, rows)


def read(text: str) -> Iterator[Line]:
    """Iterate over the lines of a CSV text that are not blank, each with its line number.

    csv.Error for text that is not CSV.
    """
    reader = csv.reader(_physical_lines(text), strict=True)
    begins = 1
    for cells in reader:
        if cells:
            yield begins, [_unguarded(cell) for cell in cells]
        begins = reader.line_num + 1


def _physical_lines(text: str) -> Iterator[str]:
    """Yield the lines as they stand there. csv.Error for one that would hold all other threads up
    while it is taken apart, and for more than anybody has cells for."""
    for number, found in enumerate(_PHYSICAL_LINE.finditer(text)):
        if found.end() - found.start() > MAX_LINE_LENGTH:
            raise csv.Error(f"a line is longer than {MAX_LINE_LENGTH:,} characters")
        if number == MAX_PHYSICAL_LINES:
            raise csv.Error(f"more than {MAX_PHYSICAL_LINES:,} lines")
        yield found[0]


def _csv(columns: Sequence[str], rows: Rows) -> bytes:
    file = io.StringIO(newline="")
    writer = csv.writer(file)
    writer.writerow(columns)
    writer.writerows([_guarded(row.get(column)) for column in columns] for row in rows)
    return file.getvalue().encode()


def _xlsx(columns: Sequence[str], rows: Rows) -> bytes:
    import xlsxwriter

    file = io.BytesIO()
    plain = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(file, plain) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, columns, book.add_format({"bold": True}))
        for number, row in enumerate(rows, 1):
            sheet.write_row(number, 0, [_cell(row.get(column)) for column in columns])
        sheet.freeze_panes(1, 0)
        sheet.autofit()
    return file.getvalue()


def _guarded(value: Any) -> Any:
    # A formula after apostrophes gets one more, or `read` would remove one of its own.
    if not isinstance(value, str):
        return "" if value is None else value
    value = replaced(value)
    return f"'{value}" if value.lstrip("'").startswith(_FORMULA) else value


def _unguarded(cell: str) -> str:
    return cell[1:] if cell[:1] == "'" and cell.lstrip("'").startswith(_FORMULA) else cell


def _cell(value: Any) -> Any:
    if isinstance(value, str):
        return replaced(value)
    return value if value is None or isinstance(value, int | float | bool) else str(value)
