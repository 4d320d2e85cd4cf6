"""What a person can type: no field of one line takes what a terminal obeys or nobody sees."""

# ruff: noqa: RUF001 - people's own alphabets

import csv
import importlib
import io
import json
import pkgutil
import time
import unicodedata
from collections.abc import Iterator
from datetime import UTC, date, datetime

import click
import openpyxl
import pytest
from click.testing import CliRunner

import sunshine
from sunshine.commands import output
from sunshine.commands.lazy import LazyGroup
from sunshine.core import environment
from sunshine.core.characters import shown_in_line, strange_in_line, strange_in_prose, trimmed
from sunshine.core.errors import Invalid
from sunshine.core.fields import Field, Schema, prose, text
from sunshine.core.validation import LONGEST_LINE, LONGEST_PROSE, Payload, Query
from sunshine.formats import spreadsheets
from sunshine.identity import calendar_tokens
from sunshine.modules.cms.html import sanitised
from sunshine.operations import logs
from tests.api import Api

# A colour, a title with its bell, C1's own introducer, deletion, right to left, what has no width,
# a paragraph's end, a tag, a blank that counts as a letter, what is no character.
BAD = (
    "\x1b[31m", "\x1b]0;title\x07", "\x9b31m", "\x7f", "\u202e", "\u2066", "\u200e", "\u200b",
    "\u2028", "\u2029", "\ufeff", "\xad", "\x85", "\u0008", "\U000e0041", "\u3164", "\ufffe",
    "\U0001fffe", "\r", "\n", "\t",
)  # fmt: skip
PROSE_TOO = ("\n", "\t", "\r")
FINE = (
    "Amélie Nguyễn", "می\u200cخواهم", "क्\u200dष", "👩\u200d👩\u200d👧", "❤\ufe0f", "日本\u3000語",
    "a\xa0b", "\ue000", "辻\U000e0100", "10\u202f000", "שָׁלוֹם",
)  # fmt: skip
# Secrets are neither shown nor trimmed; a picture is base64, which its reader checks.
EXEMPT = {"password", "currentPassword", "photo"}


def schemas() -> Iterator[tuple[str, Schema]]:
    """Every payload and query there is."""
    for module in pkgutil.walk_packages(sunshine.__path__, "sunshine."):
        if not module.name.endswith("schemas") or ".openapi." in module.name:
            continue
        found = importlib.import_module(module.name)
        for name, value in vars(found).items():
            if (
                name.isupper()
                and name[0] != "_"
                and isinstance(value, dict)
                and all(map(is_field, value.values()))
            ):
                yield f"{module.name}.{name}", value


def is_field(value: object) -> bool:
    return isinstance(value, dict) and "type" in value


def strings(schema: Schema, path: str = "") -> Iterator[tuple[str, Field]]:
    """Every string in it, those of lists and of objects too."""
    for name, field in schema.items():
        yield from strings_of(field, f"{path}{name}")


def strings_of(field: Field, path: str) -> Iterator[tuple[str, Field]]:
    if field["type"] == "string":
        yield path, field
    elif field["type"] == "list" and "schema" in field:
        yield from strings_of(field["schema"], path)
    elif field["type"] == "dict":
        yield from strings(field.get("schema", {}), f"{path}.")


def takes(field: Field, value: str) -> bool:
    alone = {rule: of for rule, of in field.items() if rule in ("type", "coerce", "allowed")}
    try:
        Payload({"x": alone | {"maxlength": 1000}}).check({"x": value})
    except Invalid as problem:
        return [error["field"] for error in problem.errors] != ["x"]
    return True


def test_every_string_of_every_schema_refuses_them() -> None:
    """Declared as a line or as prose by its kind, so that no new field is forgotten."""
    seen = 0
    for where, schema in schemas():
        for path, field in strings(schema):
            if path in EXEMPT and "coerce" not in field:
                continue
            several = field.get("coerce") == "prose"
            for bad in BAD:
                if several and (bad in PROSE_TOO or strange_in_prose(bad) is None):
                    continue
                assert not takes(field, f"a{bad}b"), (where, path, ascii(bad))
            seen += 1
    assert seen > 200


def test_what_is_longer_than_may_be_is_not_looked_at() -> None:
    """Each has a longest, and none a longer one than is looked at."""
    for where, schema in schemas():
        for path, field in strings(schema):
            most = {"line": LONGEST_LINE, "prose": LONGEST_PROSE}.get(field.get("coerce", ""))
            assert most is None or field["maxlength"] <= most, (where, path)


def test_blanks_and_joiners_at_the_ends_are_trimmed_in_one_pass() -> None:
    around = " \u200c\u3000\u200d" * 100_000
    began = time.perf_counter()
    assert trimmed(f"{around}a{around}") == "a"
    assert time.perf_counter() - began < 1


def test_what_people_write_is_taken() -> None:
    for fine in FINE:
        assert Payload({"x": text()}).check({"x": fine}) == {"x": fine}
        assert Payload({"x": prose(100)}).check({"x": fine}) == {"x": fine}


def test_prose_keeps_its_lines_and_the_direction_of_its_words() -> None:
    said = "first\r\n\tsecond \u200f(\u2067עברית\u2069)"
    assert Payload({"x": prose(100)}).check({"x": said}) == {"x": said}


def test_a_name_is_not_made_of_joiners_alone() -> None:
    with pytest.raises(Invalid):
        Payload({"x": text(required=True)}).check({"x": " \u200d \u200c"})


def test_the_error_names_the_character() -> None:
    with pytest.raises(Invalid) as refused:
        Payload({"x": text()}).check({"x": "a\u202eb"})
    assert "U+202E" in refused.value.errors[0]["message"]


def test_a_query_refuses_them_too() -> None:
    with pytest.raises(Invalid):
        Query({"search": text(100)}).check("search=a%1b%5b31m")


def test_the_list_is_that_of_unicode() -> None:
    """What Python knows as control, format, surrogate or separator, but the two joiners."""
    for code in range(0x110000):
        char = chr(code)
        if unicodedata.category(char) in ("Cc", "Cf", "Cs", "Zl", "Zp") and code not in (
            0x200C, 0x200D,
        ):  # fmt: skip
            assert strange_in_line(f"a{char}b"), hex(code)
            assert not char.isprintable()


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("/api/employees", {"name": "BAD"}, "name"),
        ("/api/employees", {"name": "x", "phone": "BAD"}, "phone"),
        ("/api/departments", {"name": "BAD"}, "name"),
        ("/api/tickets", {"title": "BAD"}, "title"),
        ("/api/tickets", {"title": "x", "attachments": ["https://x/BAD"]}, "attachments.0"),
        ("/api/meeting-rooms", {"name": "x", "capacity": 1, "facilities": ["BAD"]}, "facilities.0"),
        ("/api/mitra", {"name": "x", "type": "BAD"}, "type"),
        ("/api/freelance", {"name": "x", "email": "BADx@example.com"}, "email"),
        ("/api/asset-management/config", {"kind": "category", "key": "BAD", "name": "x"}, "key"),
        ("/api/users", {"username": "BAD", "name": "x", "role": "hr", "password": "x"}, "username"),
    ],
)  # fmt: skip
async def test_over_http_it_is_one_clear_error(api: Api, path: str, body: dict, field: str) -> None:
    for bad in ("\x1b]0;owned\x07", "\u202e", "\x9b"):
        sent = json.loads(json.dumps(body).replace("BAD", f"a{json.dumps(bad)[1:-1]}b"))
        answer = await api.post(path, sent, as_="admin")
        assert (answer.status, answer.code, answer.fields) == (400, "validation_failed", {field})
    assert await api.events() == []


async def test_an_employees_own_name_and_a_comment(api: Api) -> None:
    own = f"/api/users/{api.employee.user_id}"
    assert (await api.put(own, {"name": "\x1b[31mred"}, as_="employee")).status == 400
    ticket = (await api.post("/api/tickets", {"title": "x"}, as_="employee")).data["id"]
    path = f"/api/tickets/{ticket}/comments"
    assert (await api.post(path, {"comment": "a\x1b[2Jb"}, as_="employee")).status == 400
    said = "one\n\ttwo \u200fשלום"
    assert (await api.post(path, {"comment": said}, as_="employee")).data["comment"] == said


async def test_a_csv_to_import_names_the_line(api: Api) -> None:
    answer = await api.call(
        "POST", "/api/employees/import?dryRun=false", raw=b"name\nGood\nb\x1b[31mad\n",
        headers={"Content-Type": "text/csv"}, as_="admin",
    )  # fmt: skip
    assert answer.status == 400
    assert answer.fields == {"3.name"} or "name" in str(answer.fields)
    assert await api.events() == []


async def test_html_does_not_spell_them_by_reference() -> None:
    with pytest.raises(Invalid):
        await sanitised("<p>a&#27;]0;x&#7;</p>", "content")


# What is there already is harmless wherever it is shown.


@pytest.mark.parametrize("bad", [each for each in BAD if each not in PROSE_TOO])
def test_a_terminal_acts_upon_no_cell(bad: str, capsys: pytest.CaptureFixture[str]) -> None:
    row = {"name": f"a{bad}b", "tags": [f"c{bad}"]}
    output.table([row])
    output.say(f"there is no user {bad}")
    output.document([row])
    output.line(row)
    shown = capsys.readouterr()
    for char in bad:
        assert char.isprintable() or char not in (shown.out + shown.err).replace("\n", "")
    lines = shown.out.splitlines()
    assert json.loads("\n".join(lines[2:-1])) == [row]
    assert json.loads(lines[-1]) == row


def test_they_are_shown_as_their_numbers() -> None:
    assert shown_in_line("a\x1b[31m\u202e\U000e0041b\n\tc") == "a\\x1b[31m\\u202e\\U000e0041b c"


@pytest.mark.parametrize(
    "arguments",
    [["\x1b[31mx"], ["--\x1b[31mx"], ["fail", "\x1b[31mx"], ["fail", "--\x1b[31mx"],
     ["ask", "\x1b"]],
)  # fmt: skip
def test_an_error_that_quotes_an_argument_is_harmless(arguments: list[str]) -> None:
    group = LazyGroup("main", lazy={})

    @group.command()
    @click.argument("number", type=int)
    def fail(number: int) -> None:
        """Nothing."""

    @group.command()
    @click.argument("name")
    def ask(name: str) -> None:
        """Ask."""
        output.confirm(f"Delete {name}?", yes=False)

    done = CliRunner().invoke(group, arguments)
    assert done.exit_code == 2
    assert "\\x1b" in done.stderr
    assert "\x1b" not in done.stderr


async def test_a_spreadsheet_gets_no_control_and_no_formula() -> None:
    rows = [{"a": "x\x1b[31m\u202ey\ufffe", "b": "\uff1d1+1", "c": "\n=1+1"}]
    text_ = (await spreadsheets.make("csv", "abc", rows)).decode()
    [line] = list(csv.reader(io.StringIO(text_)))[1:]
    assert line == ["x\ufffd[31m\ufffdy\ufffd", "'\uff1d1+1", "'\n=1+1"]
    book = openpyxl.load_workbook(io.BytesIO(await spreadsheets.make("xlsx", "abc", rows)))
    assert book.active is not None
    assert book.active["A2"].value == "x\ufffd[31m\ufffdy\ufffd"


async def test_a_calendar_gets_one_line_of_each() -> None:
    at = datetime(2024, 1, 15, tzinfo=UTC)
    title = "a\rATTACH:http://x\r\nBEGIN:VALARM\x1b\u2028b\u202e"
    made = await calendar_tokens.draw(
        f"n\r{title}", [calendar_tokens.Entry("1", title, date(2024, 1, 15), date(2024, 1, 16), at)]
    )
    lines = made.decode().replace("\r\n ", "").split("\r\n")
    assert not any(line.startswith(("ATTACH", "BEGIN:VALARM")) for line in lines)
    assert not any(char in made.decode().replace("\r\n", "") for char in "\r\n\x1b\u2028\u202e")


@pytest.mark.parametrize("format_", ["text", "json"])
def test_a_log_shows_what_it_quotes(format_: str, capfd: pytest.CaptureFixture[str]) -> None:
    import structlog

    before = structlog.get_config()
    environ = {"APP_ENV": "test", "LOG_FORMAT": format_, "JWT_SECRET": "x"}
    try:
        logs.configure(environment.load(environ))
        try:
            raise ValueError("a\x1b[31m\u202e\x9b")
        except ValueError:
            structlog.get_logger("x").exception("b\x1b\u202e", name="c\x1b\x9b\u202e")
    finally:
        structlog.configure(**before)
    said = capfd.readouterr().err
    assert "\\x1b" in said or "\\u001b" in said
    assert not any(char in said for char in "\x1b\x9b\u202e")
