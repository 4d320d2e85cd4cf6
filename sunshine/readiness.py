"""Whether requests would be served: what /readyz answers, with no address and no version in it."""

import asyncio

import psycopg
from sqlalchemy import text

from sunshine import migrate
from sunshine.db import Database, Databases
from sunshine.errors import Unavailable
from sunshine.statements import Statement

_REVISION = Statement(text("SELECT version_num FROM alembic_version"))


class Readiness:
    """Knows, from the start on, where the migrations should be."""

    def __init__(self, databases: Databases) -> None:
        self._databases = databases
        self._heads = migrate.heads()

    async def missing(self) -> dict[str, str]:
        """What stands in the way, by database: `unreachable`, `behind`; empty when ready."""
        names = list(self._databases)
        states = await asyncio.gather(*(self._state(self._databases[name]) for name in names))
        return {name: state for name, state in zip(names, states, strict=True) if state}

    async def _state(self, database: Database) -> str | None:
        try:
            row = await database.one(_REVISION)
        except Unavailable:
            return "unreachable"
        except psycopg.errors.UndefinedTable:
            return "behind"
        # A newer program may have migrated it: we run on the schema one release ahead.
        ready = row is not None and row["version_num"] >= self._heads[database.name]
        return None if ready else "behind"
