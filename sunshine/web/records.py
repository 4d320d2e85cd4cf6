"""Two handlers for every plain table: its list and its rows.

What they do: sunshine/database/records.py.
"""

from typing import ClassVar

from sunshine.database.records import Records as Table
from sunshine.web.handler import Handler


class Records(Handler):
    """The list of a plain table, and new rows."""

    records: ClassVar[Table]

    async def get(self) -> None:
        """List {title}s."""
        self.reply_page(await self.records.listing.page(self.db[self.records.database], self.query))

    async def post(self) -> None:
        """Create a {title}."""
        async with self.transaction(self.records.database) as tx:
            row = await self.records.create(tx, self.body)
            self.reply(row, message=f"{self.records.title} created", status=201)


class Record(Handler):
    """One row of a plain table."""

    records: ClassVar[Table]

    async def get(self, id_: int) -> None:
        """Get a {title}."""
        self.reply(await self.records.find(self.db[self.records.database], id_))

    async def put(self, id_: int) -> None:
        """Change a {title}."""
        async with self.transaction(self.records.database) as tx:
            row = await self.records.change(tx, id_, self.body)
            self.reply(row, message=f"{self.records.title} updated")

    async def delete(self, id_: int) -> None:
        """Delete a {title}, unless it is in use."""
        async with self.transaction(self.records.database) as tx:
            await self.records.delete(tx, id_)
            self.reply(message=f"{self.records.title} deleted")
