"""All content as lines of JSON, exported from one installation and imported into another.

Each line is an object: `kind` and the fields that the API takes, for posts also `publishedAt` and
former slugs. Revisions are not exported. An import takes all lines or none.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from sqlalchemy import select

from models.cms import blog_slug
from sunshine.core import json
from sunshine.core.errors import AppError, Faults, Invalid
from sunshine.core.principals import Principal
from sunshine.core.validation import Payload
from sunshine.database.database import Database, Reader, Transaction
from sunshine.database.statements import Statement
from sunshine.files.links import Links
from sunshine.modules.cms import schemas, slugs
from sunshine.modules.cms.ads import ads
from sunshine.modules.cms.blog import posts
from sunshine.modules.cms.careers import careers
from sunshine.modules.cms.content import Content, time_parameters
from sunshine.modules.cms.department_pages import department_pages
from sunshine.modules.cms.drop_points import drop_points
from sunshine.modules.cms.rows import PostSlugRow
from sunshine.modules.cms.trainings import trainings
from sunshine.modules.cms.vacancies import vacancies

# Each kind has rows of its own.
KINDS: dict[str, Content[Any]] = {
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

_SLUGS = Statement(select(blog_slug.c.slug, blog_slug.c.blog_id), PostSlugRow)


class Line(NamedTuple):
    """The values of a new row, and the line of the file that they are on."""

    number: int
    kind: str
    values: Mapping[str, Any]


async def export(database: Database, kinds: Iterable[str]) -> AsyncIterator[dict[str, Any]]:
    """Iterate over the lines of these kinds, drafts included, each kind in the order of its ids."""
    old: dict[int, list[str]] = {}
    for row in await database.all(_SLUGS):
        old.setdefault(row["blog_id"], []).append(row["slug"])
    for kind in kinds:
        content = KINDS[kind]
        parameters = {"me": None, **time_parameters(database)}
        rows = await content.listing.every(database, {}, where=content.where["all"], **parameters)
        for row in sorted(rows, key=lambda row: int(row["id"])):
            values = {**row, "oldSlugs": sorted({*old.get(row["id"], ())} - {row.get("slug")})}
            yield {"kind": kind, **{name: values[name] for name in FIELDS[kind]}}


async def parse(text: str) -> list[Line]:
    """Return the lines of a text; Invalid names each error by `line` and `field`."""
    return await asyncio.to_thread(_parse, text)


async def import_lines(
    tx: Transaction, lines: list[Line], *, actor: Principal, people: Reader
) -> None:
    """Insert a row for each line; Invalid for the first line that cannot be."""
    taken = {row["slug"] for row in await tx.all(_SLUGS)}
    clashes = (_error(n, "slug", "is taken") for slug, n in _slugs(lines) if slug in taken)
    _raise_any(Faults(clashes))
    for number, kind, values in lines:
        old = values.get("oldSlugs", ())
        given = {name: value for name, value in values.items() if name != "oldSlugs"}
        try:
            row = await KINDS[kind].create(tx, given, actor=actor, people=people)
            for slug in old:
                await slugs.claim(tx, row["id"], slug)
        except AppError as problem:
            wrong = problem.errors or [{"field": "", "message": problem.message}]
            _raise_any(Faults(_error(number, each["field"], each["message"]) for each in wrong))


def _parse(text: str) -> list[Line]:
    faults = Faults()
    found = list(_lines(text, faults))
    first: dict[str, int] = {}
    for slug, number in _slugs(found):
        if first.setdefault(slug, number) != number:
            faults.add(_error(number, "slug", f"is also in line {first[slug]}"))
    _raise_any(faults)
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
    """Iterate over the slugs of the lines, each with its line number."""
    for number, _, values in lines:
        for slug in {values.get("slug"), *values.get("oldSlugs", ())} - {None}:
            yield slug, number


def _error(number: int, field: str, message: str) -> dict[str, Any]:
    return {"line": number, "field": field, "message": message}


def _raise_any(faults: Faults) -> None:
    if faults:
        faults.named.sort(key=lambda error: error["line"])
        message = "The file has errors, the first in line {line}: {field} {message}"
        raise Invalid(message.format(**faults.named[0]), errors=faults)
