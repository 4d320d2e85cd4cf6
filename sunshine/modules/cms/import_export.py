"""All content as lines of JSON, out of one installation and into another, all or none.

Each line is an object: `kind` and the fields that the API takes, of posts also when they were first
seen and the addresses they had. What a post said before (its revisions) stays behind.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable, Iterator
from typing import Any, NamedTuple

from sqlalchemy import select

from models.cms import blog_slug
from sunshine.core import json
from sunshine.core.errors import AppError, Faults, Invalid
from sunshine.core.principals import Principal
from sunshine.core.validation import Payload
from sunshine.database.database import Database, Reader, Transaction
from sunshine.database.statements import Row, Statement
from sunshine.files.links import Links
from sunshine.modules.cms import blog, schemas
from sunshine.modules.cms.ads import ads
from sunshine.modules.cms.blog import posts
from sunshine.modules.cms.careers import careers
from sunshine.modules.cms.content import Content, at
from sunshine.modules.cms.department_pages import department_pages
from sunshine.modules.cms.drop_points import drop_points
from sunshine.modules.cms.trainings import trainings
from sunshine.modules.cms.vacancies import vacancies

KINDS: dict[str, Content] = {
    "blog": posts,
    "ads": ads,
    "training": trainings,
    "career": careers,
    "vacancies": vacancies,
    "department": department_pages,
    "droppoint": drop_points,
}
FIELDS = {
    "blog": schemas.BLOG_LINE,
    "ads": schemas.AD,
    "training": schemas.TRAINING,
    "career": schemas.CAREER,
    "vacancies": schemas.VACANCY,
    "department": schemas.DEPARTMENT,
    "droppoint": schemas.DROP_POINT,
}
MAX_LINES = 50_000
_NO_FILES = Links()

_SLUGS = Statement(select(blog_slug.c.slug, blog_slug.c.blog_id))


class Line(NamedTuple):
    """One row to be, and the line of the file that says it."""

    number: int
    kind: str
    values: Row


async def export(database: Database, kinds: Iterable[str]) -> AsyncIterator[Row]:
    """Everything of these kinds, drafts too, each kind in the order in which it was made."""
    old: dict[int, list[str]] = {}
    for row in await database.all(_SLUGS):
        old.setdefault(row["blog_id"], []).append(row["slug"])
    for kind in kinds:
        content = KINDS[kind]
        values = {"me": None, **at(database)}
        rows = await content.listing.every(database, {}, where=content.where["all"], **values)
        for row in sorted(rows, key=lambda row: int(row["id"])):
            row["oldSlugs"] = sorted({*old.get(row["id"], ())} - {row.get("slug")})
            yield {"kind": kind, **{name: row[name] for name in FIELDS[kind]}}


async def parse(text: str) -> list[Line]:
    """The rows of a text; Invalid names what is wrong by `line` and `field`."""
    return await asyncio.to_thread(_parse, text)


async def take(tx: Transaction, lines: list[Line], *, actor: Principal, people: Reader) -> None:
    """Create a row for each line, or raise Invalid with the first that cannot be."""
    taken = {row["slug"] for row in await tx.all(_SLUGS)}
    clashes = (_error(n, "slug", "is taken") for slug, n in _slugs(lines) if slug in taken)
    _refuse(Faults(clashes))
    for number, kind, values in lines:
        old = values.get("oldSlugs", ())
        given = {name: value for name, value in values.items() if name != "oldSlugs"}
        try:
            row = await KINDS[kind].create(tx, given, actor=actor, people=people)
            for slug in old:
                await blog.claim(tx, row["id"], slug)
        except AppError as problem:
            wrong = problem.errors or [{"field": "", "message": problem.message}]
            _refuse(Faults(_error(number, each["field"], each["message"]) for each in wrong))


def _parse(text: str) -> list[Line]:
    faults = Faults()
    found = list(_lines(text, faults))
    first: dict[str, int] = {}
    for slug, number in _slugs(found):
        if first.setdefault(slug, number) != number:
            faults.add(_error(number, "slug", f"stands in line {first[slug]} already"))
    _refuse(faults)
    if not found:
        raise Invalid("The file has no lines")
    return found


def _lines(text: str, faults: Faults) -> Iterator[Line]:
    checks = {kind: Payload(schema).check for kind, schema in FIELDS.items()}
    numbered = [(n, line) for n, line in enumerate(text.split("\n"), 1) if line.strip()]
    if len(numbered) > MAX_LINES:
        raise Invalid(f"The file has more than {MAX_LINES} lines")
    for number, line in numbered:
        try:
            values = json.decode(line.encode())
            kind = values.pop("kind", None) if isinstance(values, dict) else None
            if not isinstance(kind, str) or kind not in KINDS:
                raise Invalid.field("kind", f"must be one of {', '.join(KINDS)}")
            checked = checks[kind](values)
            _NO_FILES.refuse_uploads(checked)
            yield Line(number, kind, checked)
        except Invalid as problem:
            wrong = problem.errors or [{"field": "", "message": problem.message}]
            named = (_error(number, each["field"], each["message"]) for each in wrong)
            faults.extend(named, problem.omitted)


def _slugs(lines: Iterable[Line]) -> Iterator[tuple[str, int]]:
    """Every address that the lines ask for."""
    for number, _, values in lines:
        for slug in {values.get("slug"), *values.get("oldSlugs", ())} - {None}:
            yield slug, number


def _error(number: int, field: str, message: str) -> dict[str, Any]:
    return {"line": number, "field": field, "message": message}


def _refuse(faults: Faults) -> None:
    if faults:
        faults.named.sort(key=lambda error: error["line"])
        message = "The file has errors, the first in line {line}: {field} {message}"
        raise Invalid(message.format(**faults.named[0]), errors=faults)
