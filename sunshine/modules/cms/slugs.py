"""Slugs of posts: each belongs to the one post that has or had it. Tables: models/cms.py."""

from slugify import slugify
from sqlalchemy import ARRAY, Text, any_, bindparam, delete, select
from sqlalchemy.dialects.postgresql import insert

from models.cms import blog_slug
from sunshine.core.errors import Conflict
from sunshine.database.database import Transaction
from sunshine.database.statements import Statement
from sunshine.modules.cms.rows import SlugRow
from sunshine.modules.cms.schemas import MAX_SLUG

_CLAIM = Statement(
    insert(blog_slug)
    .values(slug=bindparam("slug"), blog_id=bindparam("id"))
    .on_conflict_do_nothing()
    .returning(blog_slug.c.slug),
    SlugRow,
)
_FIND_OWN_SLUG = Statement(
    select(blog_slug.c.slug).where(
        blog_slug.c.slug == bindparam("slug"), blog_slug.c.blog_id == bindparam("id")
    ),
    SlugRow,
)
_TAKEN = Statement(
    select(blog_slug.c.slug).where(blog_slug.c.slug == any_(bindparam("slugs", type_=ARRAY(Text)))),
    SlugRow,
)
_DELETE_ALL = Statement(delete(blog_slug).where(blog_slug.c.blog_id == bindparam("id")))
AT_ONCE = 100


async def claim(tx: Transaction, id_: int, slug: str) -> None:
    """Reserve a slug for a post, which may have had it before; Conflict `slug_taken`."""
    if await tx.one_or_none(_CLAIM, slug=slug, id=id_) or await tx.one_or_none(
        _FIND_OWN_SLUG, slug=slug, id=id_
    ):
        return
    raise Conflict.field("slug", "Another post has or had this address", code="slug_taken")


async def claim_free(tx: Transaction, id_: int, title: str) -> str:
    """Reserve a slug made of the title, with -2, -3 and so on where it is taken, and return it."""
    base = slugify(title, max_length=MAX_SLUG - 20, word_boundary=True) or "post"
    first = 1
    while True:
        slugs = [f"{base}-{n}" if n > 1 else base for n in range(first, first + AT_ONCE)]
        taken = {row["slug"] for row in await tx.all(_TAKEN, slugs=slugs)}
        for slug in slugs:
            # Where another transaction claims it at the same time, wait for it and try the next.
            if slug not in taken and await tx.one_or_none(_CLAIM, slug=slug, id=id_) is not None:
                return slug
        first += AT_ONCE


async def release_all(tx: Transaction, id_: int) -> None:
    """Release all slugs of a post, which others may then claim."""
    await tx.execute(_DELETE_ALL, id=id_)
