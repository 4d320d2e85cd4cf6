"""The ledger of leave: entries are appended, never changed, and a balance is their sum.

balance.py computes the entries that are due (the allocation of a year, an expiry, ...): a GET shows
them, the next change and the jobs append them. Tables: models/leave.py.
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
from sunshine.database.statements import IdRow, Statement
from sunshine.modules.employees import locking
from sunshine.modules.leave.balance import (
    ZERO,
    Balance,
    Balances,
    Entry,
    as_number,
    balance_type,
    expiry_date,
    has_passed,
    with_due_entries,
)
from sunshine.modules.leave.queries import read
from sunshine.modules.leave.rows import BalancesOfYear, HolidayCharge, LedgerRow
from sunshine.modules.leave.schemas import ENTRIES
from sunshine.modules.scope import check_visible

# Writers lock the employee first: only a bug of ours would violate one of these.
_ALLOCATED = Conflict("This year was allocated just now; try again", code="busy")
violations(
    {
        "leave_entry_allocation_key": _ALLOCATED,
        "leave_entry_carry_forward_key": _ALLOCATED,
    }
)

# The events of the entries that are due by themselves.
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
_APPEND = Statement(
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
    .having(func.sum(leave_entry.c.days) != 0),
    HolidayCharge,
)
_EMPLOYED = Statement(
    select(employee.c.id).where(
        employee.c.deleted_at.is_(None),
        employee.c.status == "active",
        or_(employee.c.join_date.is_(None), employee.c.join_date <= bindparam("day", type_=Date)),
    ),
    IdRow,
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
    row=LedgerRow,
)


async def balance(
    database: Database, employee_id: int, *, year: int | None = None, actor: Principal
) -> BalancesOfYear:
    """Return an employee's balances of a year, the current one by default; NotAllowed."""
    await check_visible(database, actor, employee_id, "leave:read")
    return await balances_of(database, employee_id, year or database.today.year)


async def balances_of(
    reader: Database | Transaction, employee_id: int, year: int
) -> BalancesOfYear:
    """Return both balances with the entries that are due, whether in the ledger yet or not."""
    found = await read(reader, [employee_id], year - 1, year)
    return year_of(found[employee_id], year, reader.policy, reader.today)


def year_of(found: Balances, year: int, policy: Policy, today: date) -> BalancesOfYear:
    """Return a year as the API shows it, from an employee's balances of it and the year before."""
    now, _ = with_due_entries(found, policy, today)
    return {
        "annualLeave": now[year, "annual"].figures(policy),
        "specialLeave": now[year, "special"].figures(policy),
    }


async def page(
    database: Database, employee_id: int, query: Mapping[str, Any], *, actor: Principal
) -> Page[LedgerRow]:
    """Return a page of the entries behind an employee's balances, the latest first."""
    await check_visible(database, actor, employee_id, "leave:read")
    return await entries.page(database, query, employee=employee_id)


async def adjust(tx: Transaction, employee_id: int, values: Mapping[str, Any]) -> BalancesOfYear:
    """Add `days`, whole or half ones, to a balance, or take some; return the new balances."""
    year, days = values["year"], Decimal(values["days"])
    if not days or days * 2 % 1:
        raise Invalid.field("days", "must be whole or half days, and not 0")
    await locking.get_for_update(tx, employee_id)
    await post_due_entries(tx, [employee_id], year, year)
    entry = Entry(
        employee_id, values["leaveType"], year, "adjustment", days, notes=values["reason"]
    )
    await append(tx, [entry])
    await tx.record("leave_adjusted", "employee", employee_id, after={**values})
    return await balances_of(tx, employee_id, year)


async def post_due_entries(
    tx: Transaction, employees: Iterable[int], first: int, last: int, kinds: Kinds = ALL_KINDS
) -> tuple[dict[int, Balances], list[Entry]]:
    """Append the entries that are due from year `first` to `last`; the employees are locked.

    Returns their balances with these entries, and the entries.
    """
    balances, due = await due_entries(tx, employees, first, last, kinds)
    await append(tx, due)
    for kind, event in _EVENTS.items():
        rows = [(entry.employee_id, None, _payload(entry)) for entry in due if entry.kind == kind]
        await tx.record_all(event, "employee", rows)
    return balances, due


async def due_entries(
    tx: Transaction, employees: Iterable[int], first: int, last: int, kinds: Kinds = ALL_KINDS
) -> tuple[dict[int, Balances], list[Entry]]:
    """Return balances with the entries that are due, and those that the ledger lacks.

    None of a year that has not begun: only when it begins is it known what is carried over.
    """
    balances: dict[int, Balances] = {}
    due: list[Entry] = []
    for employee_id, found in (await read(tx, employees, first - 1, last)).items():
        balances[employee_id], entries = with_due_entries(found, tx.policy, tx.today)
        due += [e for e in entries if e.year <= tx.today.year and e.kind in kinds]
    return balances, due


async def append(tx: Transaction, added: Iterable[Entry]) -> None:
    """Append entries to the ledger; the employees are locked."""
    if rows := [asdict(entry) for entry in added]:
        await tx.execute(_APPEND, entries=rows)


async def require_balance(
    tx: Transaction,
    employee_id: int,
    leave_type: str,
    days: Mapping[date, Decimal],
    *,
    reserved: bool = False,
) -> None:
    """Reject days that the balance of their year does not pay for; Conflict with the figures.

    Those of a pending request are `reserved` already. Other pending requests do not count then:
    the one that is approved first gets the days.
    """
    if not days:  # all of them became holidays
        return
    years = sorted({day.year for day in days})
    balances, _ = await post_due_entries(tx, [employee_id], years[0], years[-1])
    for year in years:
        expiry = expiry_date(tx.policy, year)
        of_year = {day: portion for day, portion in days.items() if day.year == year}
        late = sum((p for day, p in of_year.items() if has_passed(expiry, day)), ZERO)
        early = sum(of_year.values(), ZERO) - late
        balance = balances[employee_id][year, balance_type(leave_type)]
        if reserved:
            balance = replace(balance, pending=ZERO, early=balance.early - early)
        left = balance.left_after(early, late, tx.policy, tx.today)
        if left < 0:
            raise _insufficient(balance, early + late, left)


async def charge(tx: Transaction, holiday_id: int, day: date) -> int:
    """Take a collective holiday from the annual days of everybody employed by then.

    Returns how many they are; all employees are locked.
    """
    rows = await tx.all(_EMPLOYED, day=day)
    taken = [
        Entry(row["id"], "annual", day.year, "taken", Decimal(-1), holiday_id=holiday_id)
        for row in rows
    ]
    await append(tx, taken)
    return len(taken)


async def refund(tx: Transaction, holiday_id: int) -> None:
    """Give back all that a holiday charged; all employees are locked."""
    rows = await tx.all(_OUTSTANDING, holiday=holiday_id)
    await append(
        tx,
        [
            Entry(
                row["employee_id"], "annual", row["year"], "taken", -row["days"],
                holiday_id=holiday_id,
            )
            for row in rows
        ],
    )  # fmt: skip


def _payload(entry: Entry) -> dict[str, Any]:
    payload = {"leaveType": entry.leave_type, "year": entry.year, "days": as_number(entry.days)}
    return payload | ({"holidayId": entry.holiday_id} if entry.holiday_id else {})


def _insufficient(balance: Balance, asked: Decimal, left: Decimal) -> Conflict:
    figures = {
        "leaveType": balance.leave_type,
        "year": balance.year,
        "requested": as_number(asked),
        "available": as_number(left + asked),
    }
    return Conflict(
        f"{figures['requested']} days asked for, {figures['available']} of {balance.year}"
        f" available",
        code="insufficient_balance",
        data=figures,
    )
