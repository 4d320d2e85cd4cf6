"""POST /api/employees/import."""

import asyncio
import csv
import io
import time
from typing import Any

import pytest

from sunshine.formats import spreadsheets
from tests.api import Answer, Api
from tests.factories import found, hire, refused

HEADER = "name,email,employeeCode,position,department,phone,joinDate,timezone\n"
ADA = "Ada Lovelace,ada@example.com,E1,Analyst,Engines,+44 1,1843-01-02,Europe/London\n"
BOB = "Bob,,,analyst,,,,\n"


async def send(
    api: Api, text: str | bytes, *, dry_run: bool = False, as_: str = "hr", **headers: str
) -> Answer:
    raw = text if isinstance(text, bytes) else text.encode()
    query = "?dryRun=false" if not dry_run else ""
    sent = {"Content-Type": "text/csv", **{k.replace("_", "-"): v for k, v in headers.items()}}
    return await api.post(f"/api/employees/import{query}", raw=raw, headers=sent, as_=as_)


async def wrong(api: Api, text: str) -> list[tuple[int, str]]:
    """Line and field of each error; the same with and without a dry run, and nothing is kept."""
    rows = await api.sql("SELECT count(*) FROM employee")
    events = await api.events()
    real, dry = [await send(api, text, dry_run=dry_run) for dry_run in (False, True)]
    assert (real.status, real.json) == (400, dry.json), real.body
    assert await api.sql("SELECT count(*) FROM employee") == rows
    assert await api.events() == events
    assert all(error["message"] for error in real.json["errors"])
    return [(error["line"], error["field"]) for error in real.json["errors"]]


async def new(api: Api) -> list[dict[str, Any]]:
    """Whom an import has added to the cast."""
    return (await found(api, "/api/employees"))[5:]


async def test_a_dry_run_is_the_default_and_keeps_nothing(api: Api) -> None:
    answer = await send(api, HEADER + ADA + BOB, dry_run=True)
    assert answer.status == 200
    assert answer.data == {"dryRun": True, "rows": 2}
    assert await new(api) == []
    assert await api.sql("SELECT 1 FROM position") == []
    assert await api.events() == []


async def test_it_creates_everybody(api: Api) -> None:
    answer = await send(api, HEADER + ADA + BOB)
    assert answer.status == 201
    assert answer.data == {"dryRun": False, "rows": 2}
    ada, bob = await new(api)
    assert ada.items() >= {
        "name": "Ada Lovelace", "email": "ada@example.com", "employeeCode": "E1",
        "position": "Analyst", "department": "Engines", "phone": "+44 1",
        "joinDate": "1843-01-02", "timezone": "Europe/London", "status": "active",
    }.items()  # fmt: skip
    assert bob.items() >= {"name": "Bob", "email": None, "department": None}.items()
    assert bob["positionId"] == ada["positionId"]
    assert sorted(await api.events()) == [
        "department_created", "employee_created", "employee_created", "position_created",
    ]  # fmt: skip


async def test_columns_come_in_any_order_and_may_be_left_out(api: Api) -> None:
    assert (await send(api, " phone , name\n1,Ada\n\n2,Bob")).data["rows"] == 2
    assert [(row["name"], row["phone"]) for row in await new(api)] == [("Ada", "1"), ("Bob", "2")]


@pytest.mark.parametrize("caller", ["manager", "employee", "outsider"])
async def test_it_is_refused_to_those_who_may_not_hire(api: Api, caller: str) -> None:
    await refused(api, await send(api, HEADER + ADA, as_=caller), 403, "not_allowed")


async def test_it_is_refused_to_strangers(api: Api) -> None:
    await refused(api, await api.post("/api/employees/import"), 401, "not_signed_in")


async def test_it_wants_csv(api: Api) -> None:
    answer = await api.post("/api/employees/import", {"name": "X"}, as_="hr")
    await refused(api, answer, 415, "unsupported_media_type")


async def test_it_refuses_what_is_not_utf8(api: Api) -> None:
    await refused(api, await send(api, HEADER.encode() + b"\xff,,,,,,,\n"), 400, "invalid_csv")
    await refused(api, await send(api, HEADER + "\0,,,,,,,\n"), 400, "invalid_csv")


@pytest.mark.parametrize("text", ['name\n"Ada', 'name\n"Ada"x\n', "name\n" + "x" * 140_000])
async def test_it_refuses_what_is_not_csv(api: Api, text: str) -> None:
    await refused(api, await send(api, text), 400, "invalid_csv")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("name\n" + "," * 300_000, "a line is longer than 262,144 characters"),
        ("name," + ",".join(f"{'k' * 1000}{n}" for n in range(300)), "a line is longer"),
        ("name\n" + "\n" * 200_000, "more than 100,000 lines"),
        ("name\r" + "\r\n\r" * 100_000, "more than 100,000 lines"),
        ('name\n"' + "\n" * 110_000 + '"', "more than 100,000 lines"),
    ],
)
async def test_it_takes_no_longer_than_a_file_that_somebody_made(
    api: Api, text: str, says: str
) -> None:
    answer = await send(api, text)
    await refused(api, answer, 400, "invalid_csv")
    assert says in answer.json["message"]


@pytest.mark.parametrize(
    "text",
    [
        "", "a", "a\n", "a\r\nb\r\n", "a\rb", "\n\na\r\r\nb",
        'a,"b\r\nc\n""d""",e\n,\n', '"a\n\n"\nb',
        "a\u2028b\x0bc\x85d\n\u2029e", '"\r"\r\n"\n"',
    ],
)  # fmt: skip
def test_lines_end_where_those_of_csv_do(text: str) -> None:
    whole = csv.reader(io.StringIO(text, newline=""), strict=True)
    assert [cells for _, cells in spreadsheets.read(text)] == [cells for cells in whole if cells]


@pytest.mark.parametrize("text", ["", "\n", HEADER, HEADER + "\n\n"])
async def test_it_refuses_an_empty_file(api: Api, text: str) -> None:
    await refused(api, await send(api, text), 400, "validation_failed")


@pytest.mark.parametrize(
    ("header", "fields"),
    [
        ("name,mail", ["mail"]),
        ("Name", ["Name", "name"]),
        ("name,email,email", ["email"]),
        ("email", ["name"]),
        ("name,", [""]),
        ("name,managerId", ["managerId"]),
        ("name;email", ["name;email", "name"]),
    ],
)
async def test_a_wrong_header_is_said_once(api: Api, header: str, fields: list[str]) -> None:
    found = await wrong(api, f"{header}\na,b\nc,d\n")
    assert found == [(1, field) for field in fields]


async def test_every_error_is_named_by_line_and_field(api: Api) -> None:
    text = HEADER + ADA + ",nobody,,,,,2024-02-30,\n" + "Eve\n" + BOB + "X,,,,,,,Mars/Base\n"
    assert sorted(await wrong(api, text)) == [
        (3, "email"), (3, "joinDate"), (3, "name"), (4, ""), (6, "timezone"),
    ]  # fmt: skip


async def test_a_line_is_where_it_begins(api: Api) -> None:
    text = 'name,phone\n"Ada\nLovelace",1\n\n"Bob\n\nBuilder",' + "9" * 51 + "\n"
    # And a name is one line, though a cell may be more.
    assert sorted(await wrong(api, text)) == [(2, "name"), (5, "name"), (5, "phone")]


async def test_duplicates_in_the_file_are_named(api: Api) -> None:
    text = "name,email,employeeCode\nA,a@example.com,1\nB,A@Example.com,2\nC,,1\nD,a@example.com,\n"
    assert await wrong(api, text) == [(3, "email"), (4, "employeeCode"), (5, "email")]


async def test_duplicates_of_others_are_named_all(api: Api) -> None:
    await hire(api, employeeCode="E1")
    text = "name,email,employeeCode\nA,HR@example.com,\nB,b@example.com,e1\nC,admin@example.com,\n"
    assert await wrong(api, text) == [(2, "email"), (3, "employeeCode"), (4, "email")]


async def test_the_deleted_take_no_address(api: Api) -> None:
    await api.delete(f"/api/employees/{api.stranger.employee_id}", as_="hr")
    assert (await send(api, "name,email\nA,stranger@example.com\n")).status == 201


async def test_of_two_imports_at_once_one_is_taken(api: Api) -> None:
    lines = "".join(f"N{n},n{n}@example.com,P{n}\n" for n in range(100))
    back = "".join(reversed(lines.splitlines(keepends=True)))
    answers = await asyncio.gather(
        *(send(api, f"name,email,position\n{text}") for text in (lines, back))
    )
    assert sorted(answer.status for answer in answers) == [201, 400]
    [loser] = [answer for answer in answers if answer.status == 400]
    assert (len(loser.json["errors"]), loser.json["errorsOmitted"]) == (20, 80)
    assert len(await api.sql("SELECT 1 FROM employee WHERE name LIKE 'N%%'")) == 100
    assert len(await api.sql("SELECT 1 FROM position")) == 100


async def test_a_byte_order_mark_is_no_part_of_the_header(api: Api) -> None:
    assert (await send(api, b"\xef\xbb\xbfname\r\nAda\r\n")).status == 201


async def test_cells_hold_quotes_and_commas(api: Api) -> None:
    text = 'name,phone\r\n"Ada ""Countess"" Lovelace, née Byron",1\r\n'
    assert (await send(api, text)).status == 201
    [row] = await new(api)
    assert row["name"] == 'Ada "Countess" Lovelace, née Byron'


async def test_a_key_makes_a_retry_harmless(api: Api) -> None:
    first = await send(api, HEADER + ADA, Idempotency_Key="import-1")
    assert first.status == 201
    again = await send(api, HEADER + ADA, Idempotency_Key="import-1")
    assert (again.status, again.json) == (201, first.json)
    assert again.headers["Idempotency-Replayed"] == "true"
    assert len(await new(api)) == 1


async def test_a_dry_run_with_a_key_stores_no_answer(api: Api) -> None:
    for _ in range(2):
        answer = await send(api, HEADER + ADA, dry_run=True, Idempotency_Key="import-1")
        assert (answer.status, answer.data["rows"]) == (200, 1)
    assert await api.sql("SELECT 1 FROM idempotency_key") == []


async def test_it_refuses_more_lines_than_it_takes(api: Api) -> None:
    answer = await send(api, "name\n" + "Ada\n" * 5001)
    await refused(api, answer, 400, "validation_failed")


async def test_five_thousand_lines_stop_nobody_else(api: Api) -> None:
    lines = "".join(
        f"Person {n},p{n}@example.com,C{n},Position {n % 50},Department {n % 9},+62 {n},"
        "2024-01-01,Asia/Jakarta\n"
        for n in range(5000)
    )
    begun = time.monotonic()
    task = asyncio.ensure_future(send(api, HEADER + lines))
    slowest = 0.0
    while not task.done():
        # The pause counts too: whatever stops the loop stops it as well.
        asked = time.monotonic()
        await asyncio.sleep(0.02)
        assert (await api.get("/")).status == 200
        slowest = max(slowest, time.monotonic() - asked)
    answer = await task
    seconds = time.monotonic() - begun
    assert answer.status == 201
    assert answer.data["rows"] == 5000
    assert len(await api.sql("SELECT 1 FROM position")) == 50
    print(f"imported in {seconds:.1f} s, slowest answer meanwhile {slowest * 1000:.0f} ms")
    assert seconds < 30
    assert slowest < 0.4
