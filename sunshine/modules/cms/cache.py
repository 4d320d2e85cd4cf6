"""Pages of posts, kept in memory for as long as nothing has happened since they were read.

Every change records its event in its own transaction, so the log tells: a page stands while no
event has come to it, and until a post is due to be seen, or not any more. The database is asked for
that before each answer, which costs it a fraction of the page: so nobody is shown what another
process has changed.
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

MAX_PAGES = 100
MAX_LETTERS = 250_000  # of a page
# What is changed past the API has no event.
LONGEST = timedelta(seconds=60)

_xid = kernel.event["cms"].c.xid
# Whatever commits from now on has this transaction id or a greater one.
_HERE = func.pg_snapshot_xmin(func.pg_current_snapshot())


class _Kept(NamedTuple):
    page: Page
    here: int
    events: int
    since: datetime
    until: datetime


def _events(since: ColumnElement[int]) -> ColumnElement[int]:
    return select(func.count()).where(_xid >= since).scalar_subquery()


def _next(column: Column[datetime]) -> ColumnElement[datetime]:
    now = bindparam("now", type_=DateTime(timezone=True))
    return select(column).where(column > now).order_by(column).limit(1).scalar_subquery()


# A number has no cast to xid8; its text has one.
_SINCE = Statement(
    select(_events(cast(cast(bindparam("here", type_=BigInteger), Text), XID8)).label("events"))
)
_MARK = Statement(
    select(
        cast(cast(_HERE, Text), BigInteger).label("here"),
        _events(_HERE).label("events"),
        func.least(_next(blog.c.publish_at), _next(blog.c.unpublish_at)).label("until"),
    )
)


class Pages:
    """The pages that one process keeps."""

    def __init__(self) -> None:
        self._kept: dict[Hashable, _Kept] = {}

    async def get(
        self, database: Database, key: Hashable, read: Callable[[], Awaitable[Page]]
    ) -> Page:
        """The page of a key, as `read` reads it now."""
        now, key = database.clock(), (database.settings, key)
        known = self._kept.get(key)
        if known is not None and known.since <= now < known.until:
            found = await database.one(_SINCE, here=known.here)
            if found["events"] == known.events:
                return known.page
        # Before the page is read: what is committed in between makes the mark too old, never new.
        mark = await database.one(_MARK, now=now)
        page = await read()
        until = min(filter(None, (mark["until"], now + LONGEST)))
        self._keep(key, _Kept(page, mark["here"], mark["events"], now, until))
        return page

    def _keep(self, key: Hashable, kept: _Kept) -> None:
        if len(self._kept) >= MAX_PAGES:
            self._kept.clear()
        self._kept.pop(key, None)
        if sum(len(row["content"]) for row in kept.page.rows) <= MAX_LETTERS:
            self._kept[key] = kept
