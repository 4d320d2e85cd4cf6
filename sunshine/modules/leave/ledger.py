"""The ledger of leave: rows are added, never changed, and a balance is their sum.

What the ledger lacks (a year's allocation, a lapse, ...) is worked out by balance.py: a GET
shows it, the next change and the jobs write it. Tables: models/leave.py.
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, replace
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    Date,
    DateTime,
    Integer,
    Numeric,
    SmallInteger,
    Text,
    bindparam,
    column,
    func,
    insert,
    or_,
    select,
)
from sqlalchemy.dialects.postgresql import JSONB

from models.employees import employee
from models.leave import leave_entry
from sunshine.core.errors import Conflict, Invalid, violations
from sunshine.core.policy import Policy
from sunshine.core.principals import Principal
from sunshine.database.database import Database, Transaction
from sunshine.database.pages import ListQuery, Page
from sunshine.database.statements import Row, Statement
from sunshine.modules.leave import locking as people
from sunshine.modules.leave.balance import (
    ZERO,
    Balance,
    Balances,
    Entry,
    charged,
    is_over,
    lapse_date,
    shown,
    with_due_entries,
)
from sunshine.modules.leave.queries import read
from sunshine.modules.leave.schemas import BALANCES, ENTRIES

# Writers lock the employee first: only a fault of ours would break one of these.
_TWICE = Conflict("This year was allocated just now; try again", code="busy")
violations({"leave_entry_allocation_key": _TWICE, "leave_entry_carry_forward_key": _TWICE})

# What each entry that nobody asked for is called in the audit trail.
_EVENTS = {
    "allocation": "leave_allocated",
    "carry_forward": "leave_carried_forward",
    "taken": "leave_charged",
    "expiry": "leave_expired",
}
Kinds = frozenset[str]
ALL_KINDS: Kinds = frozenset(_EVENTS)
_COLUMNS = {
    "employee_id": Integer,
    "leave_type": Text,
    "year": SmallInteger,
    "kind": Text,
    "days": Numeric,
    "leave_id": Integer,
    "holiday_id": Integer,
    "notes": Text,
}
_ROWS = func.jsonb_to_recordset(bindparam("entries", type_=JSONB)).table_valued(
    *(column(name, type_) for name, type_ in _COLUMNS.items()), name="entry"
).render_derived(with_types=True)  # fmt: skip
_WRITE = Statement(
    insert(leave_entry).from_select(
        [*_COLUMNS, "created_at"],
        select(*(_ROWS.c[name] for name in _COLUMNS), bindparam("now", type_=DateTime(True))),
    )
)
_OUTSTANDING = Statement(
    select(
        leave_entry.c.employee_id, leave_entry.c.year, func.sum(leave_entry.c.days).label("days")
    )
    .where(leave_entry.c.holiday_id == bindparam("holiday"))
    .group_by(leave_entry.c.employee_id, leave_entry.c.year)
    .having(func.sum(leave_entry.c.days) != 0)
)
_EMPLOYED = Statement(
    select(employee.c.id).where(
        employee.c.deleted_at.is_(None),
        employee.c.status == "active",
        or_(employee.c.join_date.is_(None), employee.c.join_date <= bindparam("day", type_=Date)),
    )
)
_e = leave_entry.c
entries = ListQuery(
    select(
        _e.id,
        _e.leave_type.label("leaveType"),
        _e.year,
        _e.kind,
        func.trim_scale(_e.days).label("days"),
        _e.leave_id.label("leaveId"),
        _e.holiday_id.label("holidayId"),
        _e.notes,
        _e.created_at.label("createdAt"),
    ).where(_e.employee_id == bindparam("employee")),
    key=_e.id,
    schema=ENTRIES,
    filters={
        "year": _e.year == bindparam("year"),
        "leaveType": _e.leave_type == bindparam("leaveType"),
    },
    default_sort="-id",
)


async def balance(
    database: Database, employee_id: int, *, year: int | None = None, actor: Principal
) -> Row:
    """What an employee has and has left in a year, the present one by default."""
    await people.check_visible(database, actor, employee_id)
    return await standing(database, employee_id, year or database.today.year)


async def standing(reader: Database | Transaction, employee_id: int, year: int) -> Row:
    """The balances of both types as they are due, whether written down yet or not."""
    found = await read(reader, [employee_id], year - 1, year)
    return answer(found[employee_id], year, reader.policy, reader.today)


def answer(found: Balances, year: int, policy: Policy, today: date) -> Row:
    """The API's answer from an employee's balances of a year and the one before."""
    now, _ = with_due_entries(found, policy, today)
    return {f"{leave_type}Leave": now[year, leave_type].shown(policy) for leave_type in BALANCES}


async def page(
    database: Database, employee_id: int, query: Mapping[str, Any], *, actor: Principal
) -> Page:
    """The entries behind the balances, the latest first."""
    await people.check_visible(database, actor, employee_id)
    return await entries.page(database, query, employee=employee_id)


async def adjust(tx: Transaction, employee_id: int, values: Mapping[str, Any]) -> Row:
    """Add `days` to a balance, or take some; half days too. Answers with the new balances."""
    year, days = values["year"], Decimal(values["days"])
    if not days or days * 2 % 1:
        raise Invalid.field("days", "must be whole or half days, and not 0")
    await people.lock_one(tx, employee_id)
    await post_due_entries(tx, [employee_id], year, year)
    entry = Entry(
        employee_id, values["leaveType"], year, "adjustment", days, notes=values["reason"]
    )
    await write(tx, [entry])
    await tx.record("leave_adjusted", "employee", employee_id, after={**values})
    return await standing(tx, employee_id, year)


async def post_due_entries(
    tx: Transaction, employees: Iterable[int], first: int, last: int, kinds: Kinds = ALL_KINDS
) -> tuple[dict[int, Balances], list[Entry]]:
    """Write what the ledger lacks of years from `first` to `last`; the employees are locked.

    Their balances as they are due, and what was written.
    """
    balances, lacking = await work_out(tx, employees, first, last, kinds)
    await write(tx, lacking)
    for kind, event in _EVENTS.items():
        rows = [(e.employee_id, None, _told(e)) for e in lacking if e.kind == kind]
        await tx.record_all(event, "employee", rows)
    return balances, lacking


async def work_out(
    tx: Transaction, employees: Iterable[int], first: int, last: int, kinds: Kinds = ALL_KINDS
) -> tuple[dict[int, Balances], list[Entry]]:
    """Balances as they are due, and what the ledger lacks for that; nothing of a year that has not
    begun, for what is carried over is known when it begins."""
    balances: dict[int, Balances] = {}
    lacking: list[Entry] = []
    for employee_id, found in (await read(tx, employees, first - 1, last)).items():
        balances[employee_id], due = with_due_entries(found, tx.policy, tx.today)
        lacking += [e for e in due if e.year <= tx.today.year and e.kind in kinds]
    return balances, lacking


async def write(tx: Transaction, lines: Iterable[Entry]) -> None:
    """Append entries; the employees are locked."""
    if rows := [asdict(line) for line in lines]:
        await tx.execute(_WRITE, entries=rows)


async def require_balance(
    tx: Transaction,
    employee_id: int,
    leave_type: str,
    days: Mapping[date, Decimal],
    *,
    reserved: bool = False,
) -> None:
    """The balance pays for these days, each in its year; else Conflict says what there is.

    Those of a pending request are `reserved` already: then others that are pending do not count,
    for who is approved first has the days.
    """
    if not days:  # holidays took them all
        return
    years = sorted({day.year for day in days})
    balances, _ = await post_due_entries(tx, [employee_id], years[0], years[-1])
    for year in years:
        lapses = lapse_date(tx.policy, year)
        of_year = {day: portion for day, portion in days.items() if day.year == year}
        late = sum((p for day, p in of_year.items() if is_over(lapses, day)), ZERO)
        early = sum(of_year.values(), ZERO) - late
        balance = balances[employee_id][year, charged(leave_type)]
        if reserved:
            balance = replace(balance, pending=ZERO, early=balance.early - early)
        left = balance.left_after(early, late, tx.policy, tx.today)
        if left < 0:
            raise _not_enough(balance, early + late, left)


async def charge(tx: Transaction, holiday_id: int, day: date) -> int:
    """Take a collective holiday from the annual days of everybody employed by then, who are locked;
    how many they are."""
    rows = await tx.all(_EMPLOYED, day=day)
    taken = [
        Entry(row["id"], "annual", day.year, "taken", Decimal(-1), holiday_id=holiday_id)
        for row in rows
    ]
    await write(tx, taken)
    return len(taken)


async def refund(tx: Transaction, holiday_id: int) -> None:
    """Undo all charges of a holiday; everybody is locked."""
    rows = await tx.all(_OUTSTANDING, holiday=holiday_id)
    await write(
        tx,
        [
            Entry(
                row["employee_id"], "annual", row["year"], "taken", -row["days"],
                holiday_id=holiday_id,
            )
            for row in rows
        ],
    )  # fmt: skip


def _told(entry: Entry) -> Row:
    told = {"leaveType": entry.leave_type, "year": entry.year, "days": shown(entry.days)}
    return told | ({"holidayId": entry.holiday_id} if entry.holiday_id else {})


def _not_enough(balance: Balance, asked: Decimal, left: Decimal) -> Conflict:
    figures = {
        "leaveType": balance.leave_type,
        "year": balance.year,
        "requested": shown(asked),
        "available": shown(left + asked),
    }
    return Conflict(
        f"{figures['requested']} days asked for, {figures['available']} of {balance.year}"
        f" available",
        code="insufficient_balance",
        data=figures,
    )
