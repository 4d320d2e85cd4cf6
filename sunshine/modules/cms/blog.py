"""Posts: their slugs, when they are public, and their revisions.

Whether a post is public follows from status, `publishAt` and `unpublishAt` at the instant of the
query, so a schedule cannot be missed. A slug that a post once had still finds it. Who sees and
changes posts: visibility.py. Tables: models/cms.py.
"""

from collections.abc import Mapping
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import (
    DateTime,
    Text,
    and_,
    bindparam,
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
from sunshine.core.errors import Invalid, NotAllowed, violations
from sunshine.core.principals import Principal
from sunshine.database.database import Database, Reader, Transaction
from sunshine.database.pages import ListQuery, Page
from sunshine.database.statements import Statement
from sunshine.modules.cms.cache import Pages
from sunshine.modules.cms.content import Content, contains_word, time_parameters
from sunshine.modules.cms.rows import MovedPostRow, PostRow, RevisionRow
from sunshine.modules.cms.schemas import BLOG_FILTERS
from sunshine.modules.cms.slugs import claim, claim_free, release_all
from sunshine.modules.cms.visibility import PUBLISHERS, Rights, is_own

violations({"blog_window_check": Invalid.field("unpublishAt", "must be after publishAt")})

_b, _r = blog.c, blog_revision.c
_NOW = bindparam("now", type_=DateTime(timezone=True))
# What a revision keeps, and reverting restores.
TEXT = {
    "title": _b.title,
    "content": _b.content,
    "excerpt": _b.excerpt,
    "featuredImage": _b.featured_image,
    "categories": _b.categories,
    "tags": _b.tags,
}
# A literal, not a parameter: else the partial index of public posts might not be used.
_VISIBLE = and_(
    _b.status == literal_column("'published'"),
    or_(_b.publish_at.is_(None), _b.publish_at <= _NOW),
    or_(_b.unpublish_at.is_(None), _b.unpublish_at > _NOW),
)
_SAME_REVISION = and_(_r.blog_id == _b.id, _r.revision == _b.revision)
_REVISION_TEXT = [_r[column.name] for column in TEXT.values()]
_INCREMENT_REVISION = Statement(
    update(blog)
    .where(
        _b.id == bindparam("id"),
        exists().where(
            _SAME_REVISION, tuple_(*_REVISION_TEXT).is_distinct_from(tuple_(*TEXT.values()))
        ),
    )
    .values(revision=_b.revision + 1)
)
_INSERT_REVISION = Statement(
    insert(blog_revision).from_select(
        [_r.blog_id, _r.revision, *_REVISION_TEXT, _r.by, _r.at],
        select(
            _b.id, _b.revision, *TEXT.values(), bindparam("by", type_=Text), _NOW
        ).where(_b.id == bindparam("id")),
    )
)  # fmt: skip
_REVISIONS = select(
    _r.revision,
    *(_r[column.name].label(name) for name, column in TEXT.items()),
    _r.by,
    _r.at,
).where(_r.blog_id == bindparam("blog"))
_GET_REVISION = Statement(_REVISIONS.where(_r.revision == bindparam("revision")), RevisionRow)
revisions = ListQuery(_REVISIONS, key=_r.revision, default_sort="-id", row=RevisionRow)
_SET_SLUG = Statement(
    update(blog).where(_b.id == bindparam("id")).values(slug=bindparam("new_slug", type_=Text))
)


class Posts(Content[PostRow]):
    """The blog."""

    _pages = Pages()

    async def page(
        self, database: Database, query: Mapping[str, Any], *, actor: Principal
    ) -> Page[PostRow]:
        """Return the page of posts that `query` asks for and the actor may see, latest first."""
        visibility = self.rights.visibility(actor)
        if visibility == "own" or "search" in query:
            return await self._page(database, query, actor=actor)
        self.rights.check_filters(actor, query)
        key = (visibility, *sorted(query.items()))
        return await self._pages.get(
            database, key, partial(self._page, database, query, actor=actor)
        )

    async def _page(
        self, database: Database, query: Mapping[str, Any], *, actor: Principal
    ) -> Page[PostRow]:
        self.rights.check_filters(actor, query)
        values = {**time_parameters(database), "me": actor.employee_id}
        if "search" in query:  # words for the text search, not a pattern of LIKE
            values["search"] = query["search"]
        where = self.where[self.rights.visibility(actor)]
        return await self.listing.page(database, query, where=where, **values)

    async def find_at(
        self, database: Database, slug: str, *, actor: Principal
    ) -> PostRow | MovedPostRow:
        """Return the post that has or had a slug; `movedTo` is the present one if it differs."""
        statement = _GET_AT[self.rights.visibility(actor)]
        values = {"me": actor.employee_id, **time_parameters(database)}
        row = await database.one_or_none(statement, at=slug, **values)
        if row is None:
            raise self.rights.refusal(actor)
        if row["slug"] == slug:
            return row
        moved: MovedPostRow = {**row, "movedTo": row["slug"]}
        return moved

    async def create(
        self, tx: Transaction, values: Mapping[str, Any], *, actor: Principal, people: Reader
    ) -> PostRow:
        """Insert a post; without a slug it gets one made of its title. Conflict `slug_taken`."""
        published = values.get("publishedAt") or _published_at(None, values, tx.now)
        given = {"slug": "", **values, "publishedAt": published}
        id_ = await self.insert(tx, given, actor=actor, people=people)
        if given["slug"]:
            await claim(tx, id_, given["slug"])
        else:
            await tx.execute(_SET_SLUG, id=id_, new_slug=await claim_free(tx, id_, given["title"]))
        await tx.execute(_INSERT_REVISION, id=id_, by=tx.actor.name)
        return await self.created(tx, id_)

    async def change(
        self,
        tx: Transaction,
        id_: int,
        values: Mapping[str, Any],
        *,
        actor: Principal,
        people: Reader,
    ) -> PostRow:
        """Merge `values` into a post. Conflict `slug_taken`."""
        before = await self.get_for_update(tx, id_, actor=actor)
        return await self._change(tx, before, values, actor=actor, people=people)

    async def revert(
        self, tx: Transaction, id_: int, revision: int, *, actor: Principal, people: Reader
    ) -> PostRow:
        """Restore the text of a revision, as a new one; slug, status and schedule stay."""
        before = await self.get_for_update(tx, id_, actor=actor)
        former = await tx.one_or_none(_GET_REVISION, blog=id_, revision=revision)
        if former is None:
            raise Invalid.field("revision", "does not exist")
        values = {name: value for name, value in former.items() if name in TEXT}
        return await self._change(
            tx, before, values, actor=actor, people=people, type_="blog_reverted"
        )

    async def revisions(
        self, database: Database, id_: int, query: Mapping[str, Any], *, actor: Principal
    ) -> Page[RevisionRow]:
        """Return a page of the revisions of a post, the latest first.

        NotAllowed for anybody but its author and editors.
        """
        row = await self.find(database, id_, actor=actor)
        if self.rights.visibility(actor) != "all" and not is_own(actor, row):
            raise NotAllowed
        return await revisions.page(database, query, blog=id_)

    async def delete(self, tx: Transaction, id_: int, *, actor: Principal) -> None:
        """Mark a post deleted; its slugs are free again."""
        await super().delete(tx, id_, actor=actor)
        await release_all(tx, id_)

    async def _change(
        self,
        tx: Transaction,
        before: PostRow,
        values: Mapping[str, Any],
        *,
        actor: Principal,
        people: Reader,
        type_: str | None = None,
    ) -> PostRow:
        id_ = before["id"]
        published = _published_at(before["publishedAt"], {**before, **values}, tx.now)
        given = {**values, "publishedAt": published}
        await self.update(tx, before, given, actor=actor, people=people)
        if values.get("slug", before["slug"]) != before["slug"]:
            await claim(tx, id_, values["slug"])
        if await tx.execute(_INCREMENT_REVISION, id=id_):
            await tx.execute(_INSERT_REVISION, id=id_, by=tx.actor.name)
        return await self.changed(tx, before, type_)


def _published_at(
    before: datetime | None, post: Mapping[str, Any], now: datetime
) -> datetime | None:
    """Return when a post is first public; once that time has come it never changes."""
    if before is not None and before <= now:
        return before
    if post.get("status") != "published":
        return None
    return max(post.get("publishAt") or now, now)


posts = Posts(
    blog,
    "Blog post",
    Rights(
        editors=PUBLISHERS,
        visible=_VISIBLE,
        state="status",
        draft="draft",
        public="published",
        author=_b.author_id,
    ),
    fields={
        **TEXT,
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
        "category": contains_word(_b.categories, "category"),
        "tag": contains_word(_b.tags, "tag"),
        "search": _b.words.op("@@")(
            func.websearch_to_tsquery(literal_column("'words'"), bindparam("search", type_=Text))
        ),
    },
    sort={"publishedAt": _b.published_at, "title": _b.title},
    default_sort="-publishedAt",
    row=PostRow,
)
_GET_AT = {
    visibility: Statement(
        posts.rows.join(blog_slug, blog_slug.c.blog_id == _b.id).where(
            blog_slug.c.slug == bindparam("at"), *where
        ),
        PostRow,
    )
    for visibility, where in posts.where.items()
}
