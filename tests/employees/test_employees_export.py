"""GET /api/employees/export."""

import csv
import io
from typing import Any

import openpyxl
import pytest

from tests.api import Answer, Api
from tests.factories import found, hire, make, refused

COLUMNS = ["name", "email", "employeeCode", "position", "department", "phone", "joinDate",
           "timezone"]  # fmt: skip
# What a spreadsheet would run, and what looks as if it had been guarded already.
DANGEROUS = ["=1+1", "+1", "-2", "@SUM(A1)", "'=1+1", "''-3", "'quoted'", "=cmd|'/c calc'!A1"]


async def export(api: Api, query: str = "", as_: str = "hr") -> Answer:
    return await api.get(f"/api/employees/export?{query}", as_=as_)


def rows_of(answer: Answer) -> list[list[str]]:
    assert answer.status == 200, answer.body
    return list(csv.reader(io.StringIO(answer.body.decode(), newline=""), strict=True))


def sheet_of(answer: Answer) -> list[tuple[Any, ...]]:
    assert answer.status == 200, answer.body
    book = openpyxl.load_workbook(io.BytesIO(answer.body))
    assert book.active
    return [tuple(row) for row in book.active.iter_rows(values_only=True)]


async def test_it_answers_csv(api: Api) -> None:
    await hire(api, employeeCode="E1", position="P, Q", department="D", joinDate="2024-01-01")
    answer = await export(api)
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="employees.csv"'
    header, *rows = rows_of(answer)
    assert header == COLUMNS
    assert len(rows) == 6
    assert rows[0] == [
        "Admin Person", "admin@example.com", "", "", "", "'+621", "2020-01-01", "",
    ]  # fmt: skip
    assert rows[5] == ["Somebody New", "", "E1", "P, Q", "D", "", "2024-01-01", ""]


async def test_it_answers_xlsx(api: Api) -> None:
    await hire(api, phone="=1+1", email="x@example.com")
    answer = await export(api, "format=xlsx")
    assert answer.headers["Content-Type"].startswith("application/vnd.openxmlformats")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="employees.xlsx"'
    header, *rows = sheet_of(answer)
    assert list(header) == COLUMNS
    assert len(rows) == 6
    assert rows[0][:2] == ("Admin Person", "admin@example.com")
    assert rows[0][6] == "2020-01-01"
    assert rows[5] == ("Somebody New", "x@example.com", None, None, None, "=1+1", None, None)


async def test_no_cell_of_a_workbook_is_a_formula_or_a_link(api: Api) -> None:
    names = [*DANGEROUS, "{=1+1}", "https://example.com", "mailto:a@example.com"]
    for name in names:
        await make(api, "/api/employees", name=name)
    answer = await export(api, "format=xlsx")
    sheet = openpyxl.load_workbook(io.BytesIO(answer.body)).active
    assert sheet
    cells = [row[0] for row in sheet.iter_rows(min_row=7)]
    assert [(cell.value, cell.data_type, cell.hyperlink) for cell in cells] == [
        (name, "s", None) for name in names
    ]


async def test_no_cell_of_a_csv_is_a_formula(api: Api) -> None:
    for name in DANGEROUS:
        await make(api, "/api/employees", name=name, phone=name)
    for row in rows_of(await export(api))[1:]:
        assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r")) for cell in row), row


async def test_what_it_writes_an_import_takes(api: Api) -> None:
    for number, text in enumerate([*DANGEROUS, 'a "b", c', "Zoë Ångström", ";"]):
        await make(
            api, "/api/employees", name=text, phone=text[:50], position=text, department="D",
            employeeCode=f"{text}{number}", email=f"n{number}@example.com", timezone="UTC",
            joinDate=f"2024-01-{number + 1:02}",
        )  # fmt: skip
    before = await found(api, "/api/employees")
    file = (await export(api)).body
    for row in before:
        await api.sql("UPDATE employee SET deleted_at = now() WHERE id = %(id)s", id=row["id"])
    answer = await api.post(
        "/api/employees/import?dryRun=false", raw=file, headers={"Content-Type": "text/csv"},
        as_="admin",
    )  # fmt: skip
    assert answer.status == 201, answer.body
    after = await found(api, "/api/employees")
    shown = [[{name: row[name] for name in COLUMNS} for row in rows] for rows in (before, after)]
    assert shown[0] == shown[1]


async def test_it_takes_the_filters_of_the_list(api: Api) -> None:
    ada = await hire(api, position="P", department="D", email="ada@example.com")
    await hire(api, status="inactive", managerId=ada["id"])
    for query, count in {
        f"positionId={ada['positionId']}": 1,
        f"departmentId={ada['departmentId']}": 1,
        f"managerId={ada['id']}": 1,
        "status=inactive": 1,
        "search=ADA%40": 1,
        "search=%25": 0,
        "": 7,
    }.items():
        assert len(rows_of(await export(api, query))) == 1 + count, query
        assert len(sheet_of(await export(api, f"format=xlsx&{query}"))) == 1 + count, query


async def test_it_holds_more_than_a_page(api: Api) -> None:
    await api.sql("INSERT INTO employee (name) SELECT 'N' || n FROM generate_series(1, 300) n")
    rows = rows_of(await export(api, "limit=5&page=2"))[1:]
    assert [row[0] for row in rows[5:]] == [f"N{n}" for n in range(1, 301)]


@pytest.mark.parametrize("query", ["format=pdf", "format=", "status=gone", "managerId=0"])
async def test_it_refuses_a_bad_value_of_a_known_key(api: Api, query: str) -> None:
    await refused(api, await export(api, query), 400, "validation_failed")


@pytest.mark.parametrize("caller", ["manager", "employee", "outsider"])
async def test_it_is_refused_to_others(api: Api, caller: str) -> None:
    await refused(api, await export(api, as_=caller), 403, "not_allowed")


async def test_it_is_refused_to_strangers(api: Api) -> None:
    await refused(api, await api.get("/api/employees/export"), 401, "not_signed_in")
