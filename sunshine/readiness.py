"""Whether requests would be served: what /readyz answers, with no address and no version in it."""

import asyncio

import psycopg
from sqlalchemy import text

from sunshine import migrate
from sunshine.db import Database, Databases
from sunshine.errors import StorageFull, Unavailable
from sunshine.room import Room
from sunshine.statements import Statement

_STANDING = Statement(text(migrate.STANDING))


class Readiness:
    """Knows, from the start on, where the migrations should be."""

    def __init__(self, databases: Databases, room: Room) -> None:
        self._databases = databases
        self._room = room
        self._heads = migrate.heads()

    async def missing(self) -> dict[str, str]:
        """What stands in the way by database (unreachable, behind, ahead, storage_full), and
        `storage` where files find no room; empty when ready."""
        names = list(self._databases)
        states = await asyncio.gather(*(self._state(self._databases[name]) for name in names))
        found = {name: state for name, state in zip(names, states, strict=True) if state}
        full = dict.fromkeys(await self._room.lacking(), StorageFull.code)
        return full | found

    def filled(self, where: str) -> None:
        """A write found no room in this database, or in the storage of files."""
        self._room.ran_out(where)

    async def _state(self, database: Database) -> str | None:
        try:
            row = await database.one(_STANDING)
        except Unavailable:
            return "unreachable"
        except psycopg.errors.UndefinedTable:
            return "behind"
        if row is None:
            return "behind"
        head = self._heads[database.name]
        # A newer program may have migrated it under our feet.
        if migrate.runs_on(head, row["current"], row["told"]):
            return None
        return "behind" if row["current"] < head else "ahead"
