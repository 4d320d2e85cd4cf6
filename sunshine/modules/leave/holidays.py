"""The company's holidays and their effect on leave. Tables: models/leave.py.

A collective holiday takes a day from everybody; each holiday gives back the leave taken on it.

All employees are locked first: no request is counted meanwhile with the holidays as they were.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any

from sqlalchemy import Integer, bindparam, cast, func, select

from models.leave import holiday
from sunshine.core.errors import Conflict, Invalid, NotFound, violations
from sunshine.database.database import Transaction
from sunshine.database.records import Records
from sunshine.database.statements import Statement
from sunshine.modules.attendance.absences import sync_absences
from sunshine.modules.attendance.assessment import reassess_day
from sunshine.modules.employees import locking
from sunshine.modules.leave import days, ledger
from sunshine.modules.leave.holidays_schemas import FILTERS
from sunshine.modules.leave.rows import HolidayEffect, HolidayRow
from sunshine.modules.tickets.sla import calendar_changed

violations(
    {
        "holiday_date_key": Conflict.field(
            "date", "There is a holiday on this date already", code="holiday_date_taken"
        )
    }
)

holidays = Records(
    holiday,
    fields={
        "date": holiday.c.date,
        "name": holiday.c.name,
        "kind": holiday.c.kind,
        "deductsAnnual": holiday.c.deducts_annual,
    },
    schema=FILTERS,
    filters={
        "year": cast(func.extract("year", holiday.c.date), Integer) == bindparam("year"),
        "kind": holiday.c.kind == bindparam("kind"),
    },
    sort={"date": holiday.c.date, "name": holiday.c.name},
    row=HolidayRow,
)
_EFFECTIVE = Statement(
    select(
        holiday.c.id,
        holiday.c.date,
        holiday.c.kind,
        holiday.c.deducts_annual.label("deductsAnnual"),
    ).where(holiday.c.id == bindparam("id"), holiday.c.deleted_at.is_(None)),
    HolidayEffect,
)


async def create(tx: Transaction, values: Mapping[str, Any]) -> HolidayRow:
    """Create a holiday; Conflict `holiday_date_taken`.

    A collective one takes a day from everybody's annual leave, unless `deductsAnnual` is false.
    """
    await locking.lock_all(tx)
    row = await holidays.create(tx, _resolved(values))
    await _apply(tx, row)
    return row


async def change(tx: Transaction, id_: int, values: Mapping[str, Any]) -> HolidayRow:
    """Change a holiday; another date or kind has the effect of deleting and creating it."""
    await locking.lock_all(tx)
    before = await tx.one_or_none(_EFFECTIVE, id=id_)
    if before is None:
        raise NotFound
    # What another kind deducts is not what the old one did.
    same_kind = values.get("kind", before["kind"]) == before["kind"]
    known = {"kind": before["kind"]} | (
        {"deductsAnnual": before["deductsAnnual"]} if same_kind else {}
    )
    after = await holidays.change(tx, id_, _resolved(known | dict(values)))
    effect: HolidayEffect = {
        "id": id_,
        "date": after["date"],
        "kind": after["kind"],
        "deductsAnnual": after["deductsAnnual"],
    }
    if effect != before:
        await _undo(tx, before)
        await _apply(tx, after)
    return after


async def delete(tx: Transaction, id_: int) -> None:
    """Delete a holiday and undo its effects."""
    await locking.lock_all(tx)
    await _undo(tx, await holidays.delete(tx, id_))


async def _apply(tx: Transaction, row: HolidayEffect) -> None:
    if row["deductsAnnual"]:
        await ledger.charge(tx, row["id"], row["date"])
    await _recount(tx, row["date"])


async def _undo(tx: Transaction, row: HolidayEffect) -> None:
    await ledger.refund(tx, row["id"])
    await _recount(tx, row["date"])


async def _recount(tx: Transaction, day: date) -> None:
    await days.recount(tx, day)
    await sync_absences(tx, day, day)
    await reassess_day(tx, day)
    await calendar_changed(tx, day)


def _resolved(values: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the values with the default of `deductsAnnual`: true for collective holidays.

    Public ones never take a day from annual leave: Invalid.
    """
    is_collective = values["kind"] == "collective"
    resolved = {"deductsAnnual": is_collective} | dict(values)
    if resolved["deductsAnnual"] and not is_collective:
        raise Invalid.field("deductsAnnual", "is for collective holidays only")
    return resolved
