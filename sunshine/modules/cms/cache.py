"""Pages of posts, cached in memory until anything changes.

Every change records an event in its own transaction, so a page is valid while the event log has no
new event and no post has come to the time at which it is published or unpublished. The database is
asked for that before each answer, which costs a fraction of reading the page: so nobody gets a page
that another process has changed.
"""

from collections.abc import Awaitable, Callable, Hashable
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    DateTime,
    Text,
    bindparam,
    cast,
    func,
    select,
)

from models import kernel
from models.cms import blog
from models.kernel import XID8
from sunshine.database.database import Database
from sunshine.database.pages import Page
from sunshine.database.statements import Statement
from sunshine.modules.cms.rows import CacheMarkRow, EventCountRow, PostRow

MAX_PAGES = 100
MAX_CHARACTERS = 250_000  # of a page
# Changes that bypass the API have no event.
MAX_AGE = timedelta(seconds=60)

_xid = kernel.event["cms"].c.xid
# Every transaction that commits from now on has this id or a greater one.
_HERE = func.pg_snapshot_xmin(func.pg_current_snapshot())


class _CachedPage(NamedTuple):
    page: Page[PostRow]
    here: int
    events: int
    since: datetime
    until: datetime


def _events(since: ColumnElement[int]) -> ColumnElement[int]:
    return select(func.count()).where(_xid >= since).scalar_subquery()


def _next(column: Column[datetime]) -> ColumnElement[datetime]:
    now = bindparam("now", type_=DateTime(timezone=True))
    return select(column).where(column > now).order_by(column).limit(1).scalar_subquery()


# There is a cast to xid8 from text, not from numbers.
_SINCE = Statement(
    select(_events(cast(cast(bindparam("here", type_=BigInteger), Text), XID8)).label("events")),
    EventCountRow,
)
_MARK = Statement(
    select(
        cast(cast(_HERE, Text), BigInteger).label("here"),
        _events(_HERE).label("events"),
        func.least(_next(blog.c.publish_at), _next(blog.c.unpublish_at)).label("until"),
    ),
    CacheMarkRow,
)


class Pages:
    """The pages that one process has cached."""

    def __init__(self) -> None:
        self._cached: dict[Hashable, _CachedPage] = {}

    async def get(
        self, database: Database, key: Hashable, read: Callable[[], Awaitable[Page[PostRow]]]
    ) -> Page[PostRow]:
        """Return the page of a key as `read` would return it now."""
        now, key = database.clock(), (database.settings, key)
        known = self._cached.get(key)
        if known is not None and known.since <= now < known.until:
            found = await database.one(_SINCE, here=known.here)
            if found["events"] == known.events:
                return known.page
        # Before the page is read: a commit in between makes the mark too old, never too new.
        mark = await database.one(_MARK, now=now)
        page = await read()
        until = min(filter(None, (mark["until"], now + MAX_AGE)))
        self._store(key, _CachedPage(page, mark["here"], mark["events"], now, until))
        return page

    def _store(self, key: Hashable, cached: _CachedPage) -> None:
        if len(self._cached) >= MAX_PAGES:
            self._cached.clear()
        self._cached.pop(key, None)
        if sum(len(row["content"]) for row in cached.page.rows) <= MAX_CHARACTERS:
            self._cached[key] = cached
