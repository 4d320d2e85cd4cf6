"""Posts: their addresses, when they are seen, and what each save of them said.

What is seen follows from status, `publishAt` and `unpublishAt` at the instant of the question, so a
schedule cannot be missed. An address that a post once had still finds it. Who sees and changes
what: visibility.py. Tables: models/cms.py.
"""

from collections.abc import Mapping
from datetime import datetime
from functools import partial
from typing import Any

from slugify import slugify
from sqlalchemy import (
    ARRAY,
    DateTime,
    Text,
    and_,
    any_,
    bindparam,
    delete,
    exists,
    func,
    literal_column,
    or_,
    select,
    tuple_,
    update,
)
from sqlalchemy.dialects.postgresql import insert

from models.cms import blog, blog_revision, blog_slug
from sunshine.core.errors import Conflict, Invalid, NotAllowed, violations
from sunshine.core.principals import Principal
from sunshine.database.database import Database, Reader, Transaction
from sunshine.database.pages import ListQuery, Page
from sunshine.database.statements import Row, Statement
from sunshine.modules.cms.cache import Pages
from sunshine.modules.cms.content import Content, at, holds
from sunshine.modules.cms.schemas import BLOG_FILTERS, MAX_SLUG
from sunshine.modules.cms.visibility import PUBLISHERS, Rights, is_own

violations({"blog_window_check": Invalid.field("unpublishAt", "must be after publishAt")})

_b, _r = blog.c, blog_revision.c
_NOW = bindparam("now", type_=DateTime(timezone=True))
# What a revision keeps, and reverting brings back.
SAID = {
    "title": _b.title,
    "content": _b.content,
    "excerpt": _b.excerpt,
    "featuredImage": _b.featured_image,
    "categories": _b.categories,
    "tags": _b.tags,
}
# Spelled out, not a parameter: else the index of what is public cannot be used for certain.
_VISIBLE = and_(
    _b.status == literal_column("'published'"),
    or_(_b.publish_at.is_(None), _b.publish_at <= _NOW),
    or_(_b.unpublish_at.is_(None), _b.unpublish_at > _NOW),
)
_SAME_REVISION = and_(_r.blog_id == _b.id, _r.revision == _b.revision)
_KEPT = [_r[column.name] for column in SAID.values()]
_COUNT_UP = Statement(
    update(blog)
    .where(
        _b.id == bindparam("id"),
        exists().where(_SAME_REVISION, tuple_(*_KEPT).is_distinct_from(tuple_(*SAID.values()))),
    )
    .values(revision=_b.revision + 1)
)
_KEEP = Statement(
    insert(blog_revision).from_select(
        [_r.blog_id, _r.revision, *_KEPT, _r.by, _r.at],
        select(
            _b.id, _b.revision, *SAID.values(), bindparam("by", type_=Text), _NOW
        ).where(_b.id == bindparam("id")),
    )
)  # fmt: skip
_REVISIONS = select(
    _r.revision,
    *(_r[column.name].label(name) for name, column in SAID.items()),
    _r.by,
    _r.at,
).where(_r.blog_id == bindparam("blog"))
_REVISION = Statement(_REVISIONS.where(_r.revision == bindparam("revision")))
revisions = ListQuery(_REVISIONS, key=_r.revision, default_sort="-id")
_CLAIM = Statement(
    insert(blog_slug)
    .values(slug=bindparam("slug"), blog_id=bindparam("id"))
    .on_conflict_do_nothing()
    .returning(blog_slug.c.slug)
)
_HAS = Statement(
    select(blog_slug.c.slug).where(
        blog_slug.c.slug == bindparam("slug"), blog_slug.c.blog_id == bindparam("id")
    )
)
_TAKEN = Statement(
    select(blog_slug.c.slug).where(blog_slug.c.slug == any_(bindparam("slugs", type_=ARRAY(Text))))
)
_SET_SLUG = Statement(
    update(blog).where(_b.id == bindparam("id")).values(slug=bindparam("new_slug", type_=Text))
)
_FREE_SLUGS = Statement(delete(blog_slug).where(blog_slug.c.blog_id == bindparam("id")))
AT_ONCE = 100


class Posts(Content):
    """The blog."""

    _kept = Pages()

    async def page(self, database: Database, query: Mapping[str, Any], *, actor: Principal) -> Page:
        """A page of what the caller may see, the latest first."""
        sight = self.rights.sight(actor)
        if sight == "own" or "search" in query:
            return await self._page(database, query, actor=actor)
        self.rights.check_filters(actor, query)
        key = (sight, *sorted(query.items()))
        return await self._kept.get(
            database, key, partial(self._page, database, query, actor=actor)
        )

    async def _page(
        self, database: Database, query: Mapping[str, Any], *, actor: Principal
    ) -> Page:
        self.rights.check_filters(actor, query)
        values = {**at(database), "me": actor.employee_id}
        if "search" in query:  # its words, not a pattern
            values["search"] = query["search"]
        where = self.where[self.rights.sight(actor)]
        return await self.listing.page(database, query, where=where, **values)

    async def find_at(self, database: Database, slug: str, *, actor: Principal) -> Row:
        """The post at an address; `movedTo` says its present one where that was an earlier one."""
        statement = _FIND_AT[self.rights.sight(actor)]
        row = await database.one_or_none(statement, at=slug, me=actor.employee_id, **at(database))
        if row is None:
            raise self.rights.refusal(actor)
        return row if row["slug"] == slug else row | {"movedTo": row["slug"]}

    async def create(
        self, tx: Transaction, values: Mapping[str, Any], *, actor: Principal, people: Reader
    ) -> Row:
        """A new post; without a slug it gets one made of its title."""
        seen = values.get("publishedAt") or _first_seen(None, values, tx.now)
        given = {"slug": "", **values, "publishedAt": seen}
        id_ = await self.insert(tx, given, actor=actor, people=people)
        if given["slug"]:
            await claim(tx, id_, given["slug"])
        else:
            await tx.execute(_SET_SLUG, id=id_, new_slug=await _claim_free(tx, id_, given["title"]))
        await tx.execute(_KEEP, id=id_, by=tx.actor.name)
        return await self.made(tx, id_)

    async def change(
        self,
        tx: Transaction,
        id_: int,
        values: Mapping[str, Any],
        *,
        actor: Principal,
        people: Reader,
    ) -> Row:
        """Merge into a post."""
        before = await self.held(tx, id_, actor=actor)
        return await self._change(tx, before, values, actor=actor, people=people)

    async def revert(
        self, tx: Transaction, id_: int, revision: int, *, actor: Principal, people: Reader
    ) -> Row:
        """Say again what a revision said, as a new one; address, status and schedule stay."""
        before = await self.held(tx, id_, actor=actor)
        said = await tx.one_or_none(_REVISION, blog=id_, revision=revision)
        if said is None:
            raise Invalid.field("revision", "does not exist")
        values = {name: said[name] for name in SAID}
        return await self._change(
            tx, before, values, actor=actor, people=people, type_="blog_reverted"
        )

    async def revisions(
        self, database: Database, id_: int, query: Mapping[str, Any], *, actor: Principal
    ) -> Page:
        """A page of what a post said before, the latest first: for those who write it."""
        row = await self.find(database, id_, actor=actor)
        if self.rights.sight(actor) != "all" and not is_own(actor, row):
            raise NotAllowed
        return await revisions.page(database, query, blog=id_)

    async def delete(self, tx: Transaction, id_: int, *, actor: Principal) -> None:
        """Nobody sees it any more; its addresses are free."""
        await super().delete(tx, id_, actor=actor)
        await tx.execute(_FREE_SLUGS, id=id_)

    async def _change(
        self,
        tx: Transaction,
        before: Row,
        values: Mapping[str, Any],
        *,
        actor: Principal,
        people: Reader,
        type_: str | None = None,
    ) -> Row:
        id_ = before["id"]
        seen = _first_seen(before["publishedAt"], {**before, **values}, tx.now)
        given = {**values, "publishedAt": seen}
        await self.merge(tx, before, given, actor=actor, people=people)
        if values.get("slug", before["slug"]) != before["slug"]:
            await claim(tx, id_, values["slug"])
        if await tx.execute(_COUNT_UP, id=id_):
            await tx.execute(_KEEP, id=id_, by=tx.actor.name)
        return await self.changed(tx, before, type_)


def _first_seen(known: datetime | None, post: Mapping[str, Any], now: datetime) -> datetime | None:
    """When it is seen for the first time; once that has come it never changes."""
    if known is not None and known <= now:
        return known
    if post.get("status") != "published":
        return None
    return max(post.get("publishAt") or now, now)


async def claim(tx: Transaction, id_: int, slug: str) -> None:
    """An address for a post, which may have been its own before; Conflict."""
    if await tx.one_or_none(_CLAIM, slug=slug, id=id_) or await tx.one_or_none(
        _HAS, slug=slug, id=id_
    ):
        return
    raise Conflict.field("slug", "Another post has or had this address", code="slug_taken")


async def _claim_free(tx: Transaction, id_: int, title: str) -> str:
    """The title as an address; with -2, -3 and so on where others have it."""
    base = slugify(title, max_length=MAX_SLUG - 20, word_boundary=True) or "post"
    first = 1
    while True:
        slugs = [f"{base}-{n}" if n > 1 else base for n in range(first, first + AT_ONCE)]
        taken = {row["slug"] for row in await tx.all(_TAKEN, slugs=slugs)}
        for slug in slugs:
            # Somebody else may claim it at the same time: we wait for them, and take the next one.
            if slug not in taken and await tx.one_or_none(_CLAIM, slug=slug, id=id_) is not None:
                return slug
        first += AT_ONCE


posts = Posts(
    blog,
    "Blog post",
    Rights(
        keepers=PUBLISHERS,
        visible=_VISIBLE,
        state="status",
        draft="draft",
        public="published",
        author=_b.author_id,
    ),
    fields={
        **SAID,
        "slug": _b.slug,
        "status": _b.status,
        "publishAt": _b.publish_at,
        "unpublishAt": _b.unpublish_at,
        "publishedAt": _b.published_at,
    },
    shown={"revision": _b.revision},
    defaults={"status": "draft", "categories": [], "tags": []},
    schema=BLOG_FILTERS,
    filters={
        "status": _b.status == bindparam("status"),
        "category": holds(_b.categories, "category"),
        "tag": holds(_b.tags, "tag"),
        "search": _b.words.op("@@")(
            func.websearch_to_tsquery(literal_column("'words'"), bindparam("search", type_=Text))
        ),
    },
    sort={"publishedAt": _b.published_at, "title": _b.title},
    default_sort="-publishedAt",
)
_FIND_AT = {
    sight: Statement(
        posts.rows.join(blog_slug, blog_slug.c.blog_id == _b.id).where(
            blog_slug.c.slug == bindparam("at"), *where
        )
    )
    for sight, where in posts.where.items()
}
