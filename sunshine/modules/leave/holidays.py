"""The company's holidays, and what they do to leave: a collective one is paid by everybody, and any
one gives back the leave that was taken on it. Tables: models/leave.py.

Everybody is locked first: no request is counted meanwhile with the days as they were.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any

from sqlalchemy import Integer, bindparam, cast, func, select

from models.leave import holiday
from sunshine.core.errors import Conflict, Invalid, NotFound, violations
from sunshine.database.database import Transaction
from sunshine.database.records import Records
from sunshine.database.statements import Row, Statement
from sunshine.modules.attendance.absences import sync_absences
from sunshine.modules.attendance.assessment import reassess_day
from sunshine.modules.leave import days, ledger
from sunshine.modules.leave import locking as people
from sunshine.modules.leave.holidays_schemas import FILTERS
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
)
_EFFECTIVE = Statement(
    select(
        holiday.c.id,
        holiday.c.date,
        holiday.c.kind,
        holiday.c.deducts_annual.label("deductsAnnual"),
    ).where(holiday.c.id == bindparam("id"), holiday.c.deleted_at.is_(None))
)


async def create(tx: Transaction, values: Mapping[str, Any]) -> Row:
    """A new holiday. A collective one takes a day from everybody's annual leave, unless
    `deductsAnnual` is false. Conflict `holiday_date_taken`.
    """
    await people.lock_all(tx)
    row = await holidays.create(tx, _resolved(values))
    await _begin(tx, row)
    return row


async def change(tx: Transaction, id_: int, values: Mapping[str, Any]) -> Row:
    """Merge into a holiday; another date or kind is as if it were removed and added anew."""
    await people.lock_all(tx)
    before = await tx.one_or_none(_EFFECTIVE, id=id_)
    if before is None:
        raise NotFound
    # What another kind deducts is not what the old one did.
    same_kind = values.get("kind", before["kind"]) == before["kind"]
    known = {"kind": before["kind"]} | (
        {"deductsAnnual": before["deductsAnnual"]} if same_kind else {}
    )
    after = await holidays.change(tx, id_, _resolved(known | dict(values)))
    if any(before[name] != after[name] for name in before):
        await _end(tx, before)
        await _begin(tx, after)
    return after


async def delete(tx: Transaction, id_: int) -> None:
    """Remove a holiday and all that it did."""
    await people.lock_all(tx)
    await _end(tx, await holidays.delete(tx, id_))


async def _begin(tx: Transaction, row: Row) -> None:
    if row["deductsAnnual"]:
        await ledger.charge(tx, row["id"], row["date"])
    await _recount(tx, row["date"])


async def _end(tx: Transaction, row: Row) -> None:
    await ledger.refund(tx, row["id"])
    await _recount(tx, row["date"])


async def _recount(tx: Transaction, day: date) -> None:
    await days.recount(tx, day)
    await sync_absences(tx, day, day)
    await reassess_day(tx, day)
    await calendar_changed(tx, day)


def _resolved(values: Mapping[str, Any]) -> Row:
    """With what the kind implies: collective days are paid by annual leave, public ones never."""
    is_collective = values["kind"] == "collective"
    resolved = {"deductsAnnual": is_collective} | dict(values)
    if resolved["deductsAnnual"] and not is_collective:
        raise Invalid.field("deductsAnnual", "is for collective holidays only")
    return resolved
