"""Tables as files: CSV and XLSX, made in a thread. A cell never becomes a formula."""

import asyncio
import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

Rows = Sequence[Mapping[str, Any]]

MEDIA = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
# What a spreadsheet would run; a leading apostrophe makes it text, and `read` takes it off again.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


async def make(format_: str, columns: Sequence[str], rows: Rows) -> bytes:
    """The rows' columns, with a header line, as `csv` or `xlsx`."""
    return await asyncio.to_thread({"csv": _csv, "xlsx": _xlsx}[format_], columns, rows)


def read(text: str) -> Iterable[tuple[int, dict[str | None, Any]]]:
    """The lines of a CSV text by header, with the number of the line each ends on."""
    reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
    for line in reader:
        yield reader.line_num, {name: _unguarded(value) for name, value in line.items()}


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
    if isinstance(value, str) and value.startswith(_FORMULA):
        return f"'{value}"
    return "" if value is None else value


def _unguarded(value: Any) -> Any:
    if isinstance(value, str) and value[:1] == "'" and value[1:].startswith(_FORMULA):
        return value[1:]
    return value


def _cell(value: Any) -> Any:
    return value if value is None or isinstance(value, str | int | float | bool) else str(value)
