"""The handlers of an employee's periods, which shifts.py and placements.py share.

Rules: sunshine/modules/employees/periods.py.
"""

from typing import ClassVar

from sunshine.modules.employees import periods as rules
from sunshine.web.handler import Handler


class Periods(Handler):
    """All periods of an employee, and new ones."""

    periods: ClassVar[rules.Periods]

    async def get(self, employee_id: int) -> None:
        """List an employee's {title}s, the latest first."""
        self.reply_page(
            await self.periods.page(self.db.sunshine, employee_id, self.query, actor=self.actor)
        )

    async def post(self, employee_id: int) -> None:
        """Give an employee a {title}."""
        async with self.transaction() as tx:
            row = await self.periods.create(tx, employee_id, self.body, actor=self.actor)
            self.reply(row, message=f"{self.periods.title} created", status=201)


class Period(Handler):
    """One period."""

    periods: ClassVar[rules.Periods]

    async def get(self, employee_id: int, period_id: int) -> None:
        """Get a {title}."""
        database = self.db.sunshine
        self.reply(await self.periods.find(database, employee_id, period_id, actor=self.actor))

    async def put(self, employee_id: int, period_id: int) -> None:
        """Change a {title}."""
        async with self.transaction() as tx:
            row = await self.periods.change(tx, employee_id, period_id, self.body, actor=self.actor)
            self.reply(row, message=f"{self.periods.title} updated")

    async def delete(self, employee_id: int, period_id: int) -> None:
        """Remove a {title}."""
        async with self.transaction() as tx:
            await self.periods.delete(tx, employee_id, period_id, actor=self.actor)
            self.reply(message=f"{self.periods.title} deleted")
