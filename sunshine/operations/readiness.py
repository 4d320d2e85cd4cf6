"""Whether the server can serve requests: the state behind /readyz, without addresses and
versions."""

import asyncio
from typing import TypedDict

import psycopg
from sqlalchemy import Boolean, Text, column, text

from sunshine.core.disk_space import Room
from sunshine.core.errors import StorageFull, Unavailable
from sunshine.database import migrations
from sunshine.database.database import READ_ONLY, Database, Databases
from sunshine.database.embedded_watch import Watch
from sunshine.database.statements import Statement

# Load balancers and systemd wait for a second or two.
ANSWER_SECONDS = 0.8


class StandingRow(TypedDict):
    """The revision of a database, and the comment that names the oldest program it allows."""

    current: str
    compatibility: str | None


class WritableRow(TypedDict):
    """Whether a server accepts writes."""

    writable: bool


_STANDING = Statement(
    text(migrations.STANDING).columns(column("current", Text), column("compatibility", Text)),
    StandingRow,
)
_WRITABLE = Statement(
    text("SELECT current_setting('transaction_read_only') = 'off' AS writable").columns(
        column("writable", Boolean)
    ),
    WritableRow,
)


class Readiness:
    """Checks the databases; reads the expected migration heads at start.

    However often it is called, each database has at most one check running, and callers get a
    result in time: a check of a frozen database continues until it thaws, awaited by nobody.
    """

    def __init__(self, databases: Databases, room: Room) -> None:
        self._databases = databases
        self._room = room
        self._heads = migrations.heads()
        self._looks: dict[str, asyncio.Task[str | None]] = {}
        self.postgres: Watch | None = None  # set by the process that started one

    async def missing(self) -> dict[str, str]:
        """Return what prevents readiness; empty if ready.

        By database: unreachable, read_only, behind, ahead, storage_full; and `storage` if there is
        no space for files. If the embedded PostgreSQL is down, `postgres` also has its state.
        """
        looks = {name: self._look(name) for name in self._databases}
        lacking, _ = await asyncio.gather(
            self._room.lacking(), asyncio.wait(looks.values(), timeout=ANSWER_SECONDS)
        )
        states = {
            name: look.result() if look.done() else self._databases[name].absence
            for name, look in looks.items()
        }
        missing = {name: state for name, state in states.items() if state}
        if missing and self.postgres and self.postgres.state:
            missing["postgres"] = self.postgres.state
        return dict.fromkeys(lacking, StorageFull.code) | missing

    def stop(self) -> None:
        """Cancel the running checks."""
        for look in self._looks.values():
            look.cancel()

    def _look(self, name: str) -> asyncio.Task[str | None]:
        """Return the running check of a database, or start a new one."""
        look = self._looks.get(name)
        if look is None or look.done():
            look = self._looks[name] = asyncio.create_task(self._state(self._databases[name]))
        return look

    def filled(self, where: str) -> None:
        """Record that a write found no space in this database, or in the storage of files."""
        self._room.ran_out(where)

    async def _state(self, database: Database) -> str | None:
        try:
            if not (await database.one(_WRITABLE))["writable"]:
                return READ_ONLY
            row = await database.one_or_none(_STANDING)
        except Unavailable:
            return database.absence
        except psycopg.errors.UndefinedTable:
            return "behind"
        if row is None:
            return "behind"
        head = self._heads[database.name]
        # A newer program may have migrated it while we run.
        if migrations.runs_on(head, row["current"], row["compatibility"]):
            return None
        return "behind" if row["current"] < head else "ahead"
