"""No regular expression of ours takes longer than its text is long: each is found in the source and
in the schemas, and gets what would have a bad one go back and forth."""

import ast
import re
import time
from collections.abc import Callable, Iterator
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from sunshine.core.fields import Field, Schema
from sunshine.core.variables import VARIABLES
from tests.route_matrix import body_of, endpoints, query_of

ROOT = Path(__file__).parents[2]
LENGTH = 10_000  # characters: the square of it is a tenth of a second and more
SECONDS = 0.05  # of the processor; what is linear takes a thousandth of that
CALLS = {"compile", "fullmatch", "match", "search", "findall", "finditer", "sub", "split"}
ALPHABET = 'aA0-._/:@ "=,<é\t'


def sources() -> Iterator[Path]:
    for folder in ("sunshine", "handlers", "models"):
        yield from (ROOT / folder).rglob("*.py")
    yield from (ROOT / "cli.py", ROOT / "server.py")


def in_source() -> Iterator[tuple[str, str | bytes, str]]:
    """Each pattern written in a call of `re`, with the file's name and the way it is used."""
    for path in sources():
        text = path.read_text(encoding="utf-8")
        if "import re\n" not in text:
            continue
        for node in ast.walk(ast.parse(text)):
            if not (isinstance(node, ast.Call) and _is_of_re(node.func)):
                continue
            pattern = _written(node.args[0], path)
            if pattern is not None:
                yield path.name, pattern, _used(node.func.attr, pattern, text)  # type: ignore[attr-defined]


def _is_of_re(function: ast.expr) -> bool:
    return (
        isinstance(function, ast.Attribute)
        and function.attr in CALLS
        and isinstance(function.value, ast.Name)
        and function.value.id == "re"
    )


def _written(argument: ast.expr, path: Path) -> str | bytes | None:
    """The pattern, as the module has it; None where a parameter says it."""
    module = ".".join(path.relative_to(ROOT).with_suffix("").parts)
    try:
        names = vars(__import__(module, fromlist=["_"]))
        found = eval(compile(ast.Expression(argument), "a pattern", "eval"), names)
    except NameError:
        return None
    assert isinstance(found, str | bytes)
    return found


def _used(call: str, pattern: str | bytes, text: str) -> str:
    if call != "compile":
        return call
    used = {name for name in CALLS - {"compile"} if f".{name}(" in text}
    return "search" if used & {"search", "findall", "finditer", "sub", "split"} else "fullmatch"


def in_schemas() -> Iterator[str]:
    schemas: list[Schema] = [
        checked.schema
        for route, method in endpoints()
        for checked in (body_of(route.guards[method]), query_of(route.guards[method]))
        if checked
    ]
    for schema in schemas:
        yield from _patterns(schema)
    yield from _patterns(VARIABLES)


def _patterns(schema: Schema) -> Iterator[str]:
    for field in schema.values():
        yield from _of_field(field)


def _of_field(field: Field) -> Iterator[str]:
    if "regex" in field:
        yield field["regex"]
    if field.get("type") == "list":
        yield from _of_field(field["schema"])
    elif "schema" in field:
        yield from _patterns(field["schema"])


def uses() -> list[tuple[str, str | bytes, str]]:
    """Every pattern once for each way in which it is used."""
    found = [*in_source(), *(("schemas", pattern, "fullmatch") for pattern in in_schemas())]
    return sorted({(pattern, use): (name, pattern, use) for name, pattern, use in found}.values(),
                  key=repr)  # fmt: skip


def beginnings(pattern: str | bytes) -> set[str]:
    """What leads up to each of its parts: a text that the parts before it take."""
    made = {""}
    text = ""
    for part in re._parser.parse(pattern):  # type: ignore[attr-defined]
        text += _taken_by(part)
        made.add(text)
    return made


def _taken_by(part: tuple[Any, Any]) -> str:
    kind, value = str(part[0]), part[1]
    if kind == "LITERAL":
        return chr(value)
    if kind == "IN":
        return next(filter(None, map(_taken_by, value)), "a")
    if kind == "RANGE":
        return chr(value[0])
    if kind in ("MAX_REPEAT", "POSSESSIVE_REPEAT", "MIN_REPEAT"):
        return "".join(map(_taken_by, value[2])) * max(1, int(value[0]))
    if kind == "SUBPATTERN":
        return "".join(map(_taken_by, value[3]))
    if kind == "BRANCH":
        return "".join(map(_taken_by, value[1][0]))
    return "a" if kind in ("ANY", "NOT_LITERAL") else ""


def pumped(pattern: str | bytes) -> Iterator[str]:
    """Texts in which a little is repeated, and that end as nothing does."""
    letters = dict.fromkeys(ALPHABET)
    own = [letter for letter in letters if letter in str(pattern)][:3]
    bits = [*letters, *("".join(pair) for pair in product(own, own))]
    for beginning, bit in product(beginnings(pattern), bits):
        yield beginning + bit * (LENGTH // len(bit)) + "\n\x01"


def _seconds(use: Callable[[Any], Any], text: Any) -> float:
    began = time.thread_time()
    use(text)
    return time.thread_time() - began


def slow(use: Callable[[Any], Any], texts: Iterator[Any]) -> list[str]:
    """The texts that take too long."""
    found = []
    for text in texts:
        # Once more, for the processor may have been busy with something else.
        if _seconds(use, text) > SECONDS and _seconds(use, text) > SECONDS:
            found.append(repr(text[:60]))
            break
    return found


@pytest.mark.parametrize(("name", "pattern", "use"), uses())
def test_it_takes_no_longer_than_its_text_is_long(
    name: str, pattern: str | bytes, use: str
) -> None:
    compiled = re.compile(pattern)
    texts: Iterator[Any] = pumped(pattern)
    if isinstance(pattern, bytes):
        texts = (text.encode() for text in texts)
    asked = compiled.search if use in ("search", "findall", "sub", "split") else compiled.fullmatch
    assert slow(asked, texts) == [], (name, pattern)


@pytest.mark.parametrize(
    ("bad", "length"),
    [(r"(a+)+", 22), (r"(a|a)*b", 22), (r"([a-z]+-?)*", 22), (r"\s*a?\s*x", 10_000)],
)
def test_a_bad_one_is_noticed(bad: str, length: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(f"{__name__}.LENGTH", length)
    assert slow(re.compile(bad).fullmatch, pumped(bad))


def test_every_pattern_is_looked_at() -> None:
    found = uses()
    assert len(found) > 30
    assert {"attachment_spec.py", "validation.py", "json.py", "schemas"} <= {u[0] for u in found}
