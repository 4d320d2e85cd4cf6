"""Balances read from the database: the ledger, requests and holidays summed up, in one statement.

What the sums mean: balance.py. Used by ledger.py.
"""

from collections import defaultdict
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Date,
    Integer,
    Numeric,
    Subquery,
    Table,
    Text,
    and_,
    any_,
    bindparam,
    case,
    cast,
    func,
    literal,
    literal_column,
    or_,
    select,
)
from sqlalchemy.dialects.postgresql import aggregate_order_by

from models.employees import employee
from models.leave import holiday, leave, leave_day, leave_entry
from sunshine.core.policy import Policy
from sunshine.database.database import Database, Transaction
from sunshine.database.statements import Statement
from sunshine.modules.leave.balance import Balance, Balances

# For so long after its day an employee who was there is still charged a collective holiday: longer
# than a server is down, shorter than an employee is away.
CATCH_UP = timedelta(days=7)

EMPLOYEES = bindparam("employees", type_=ARRAY(Integer))
_FIRST, _LAST = bindparam("first", type_=Integer), bindparam("last", type_=Integer)
KINDS = ("allocation", "carry_forward", "taken", "expiry", "adjustment")
_ENTRY = leave_entry.alias("e")
_CHARGED = case((leave.c.leave_type == "special", "special"), else_="annual")


def is_open(table: Table) -> ColumnElement[bool]:
    """Whether a request is pending or approved. As the constraints say it, for their indexes."""
    return table.c.status.in_([literal_column("'pending'"), literal_column("'approved'")])


def _year(day: ColumnElement) -> ColumnElement[int]:
    return cast(func.extract("year", day), Integer)


def _is_early(day: ColumnElement) -> ColumnElement[bool]:
    return func.to_char(day, "MMDD") <= bindparam("lapses_on", type_=Text)


def _ledger() -> Subquery:
    """What the ledger says, by kind of entry."""
    e = _ENTRY.c
    # Constants in the text: it stays short enough for psycopg to remember what it made of it.
    kind = {name: e.kind == literal_column(f"'{name}'") for name in KINDS}
    grants = or_(*(kind[name] for name in ("allocation", "carry_forward", "adjustment")))
    return (
        select(
            e.employee_id,
            e.year,
            e.leave_type,
            func.bool_or(kind["allocation"]).label("allocated"),
            func.sum(e.days).filter(grants).label("granted"),
            func.sum(e.days).filter(kind["carry_forward"], e.days > 0).label("carried"),
            (-func.sum(e.days).filter(kind["expiry"])).label("lapsed"),
            (-func.sum(e.days).filter(kind["taken"])).label("used"),
        )
        .where(e.employee_id == any_(EMPLOYEES), e.year.between(_FIRST, _LAST))
        .group_by(e.employee_id, e.year, e.leave_type)
        .subquery("ledger")
    )


def _requests() -> Subquery:
    """The days of requests that are not rejected or cancelled."""
    year = _year(leave_day.c.day)
    portion = func.sum(leave_day.c.portion)
    return (
        select(
            leave.c.employee_id,
            year.label("year"),
            _CHARGED.label("leave_type"),
            portion.filter(leave.c.status == "pending").label("pending"),
            portion.filter(_is_early(leave_day.c.day)).label("early"),
        )
        .select_from(leave.join(leave_day, leave_day.c.leave_id == leave.c.id))
        .where(
            leave.c.employee_id == any_(EMPLOYEES),
            is_open(leave),
            year.between(_FIRST, _LAST),
        )
        .group_by(leave.c.employee_id, year, _CHARGED)
        .subquery("requests")
    )


def _is_to_be_charged() -> ColumnElement[bool]:
    """Whether the collective holiday `holiday` falls to an employee who was not there when it was
    entered: it is ahead, or was just now and they were on the books already."""
    made = cast(func.timezone(bindparam("zone", type_=Text), employee.c.created_at), Date)
    return and_(
        holiday.c.deleted_at.is_(None),
        holiday.c.date >= bindparam("since", type_=Date),
        holiday.c.date >= made,
        employee.c.status == "active",
        employee.c.deleted_at.is_(None),
        or_(employee.c.join_date.is_(None), employee.c.join_date <= holiday.c.date),
    )


def _collective() -> Subquery:
    """Holidays that are charged, or are to be."""
    e = _ENTRY.c
    charges = (
        select(e.employee_id, e.holiday_id)
        .where(
            e.employee_id == any_(EMPLOYEES),
            e.year.between(_FIRST, _LAST),
            e.holiday_id.is_not(None),
        )
        .group_by(e.employee_id, e.holiday_id)
        .having(func.sum(e.days) != 0)
        .subquery("charges")
    )
    is_charge = and_(charges.c.employee_id == employee.c.id, charges.c.holiday_id == holiday.c.id)
    year = _year(holiday.c.date)
    ids = func.array_agg(aggregate_order_by(holiday.c.id, holiday.c.date))
    return (
        select(
            employee.c.id.label("employee_id"),
            year.label("year"),
            func.count().filter(_is_early(holiday.c.date)).label("early"),
            ids.filter(charges.c.holiday_id.is_(None)).label("uncharged"),
        )
        .select_from(employee.join(holiday, holiday.c.deducts_annual).outerjoin(charges, is_charge))
        .where(
            employee.c.id == any_(EMPLOYEES),
            year.between(_FIRST, _LAST),
            or_(charges.c.holiday_id.is_not(None), _is_to_be_charged()),
        )
        .group_by(employee.c.id, year)
        .subquery("collective")
    )


def _statement() -> Statement[Any]:
    year = func.generate_series(_FIRST, _LAST).table_valued("year").render_derived()
    types = func.unnest(literal(["annual", "special"], ARRAY(Text)))
    leave_type = types.table_valued("leave_type").render_derived()
    ledger, requests, collective = _ledger(), _requests(), _collective()
    keys = {
        "employee_id": employee.c.id,
        "year": year.c.year,
        "leave_type": leave_type.c.leave_type,
    }

    def of(sums: Subquery) -> ColumnElement[bool]:
        return and_(*(sums.c[name] == key for name, key in keys.items() if name in sums.c))

    def days(value: ColumnElement) -> ColumnElement:
        return func.coalesce(value, literal(0, Numeric))

    return Statement(
        select(
            *(key.label(name) for name, key in keys.items()),
            employee.c.join_date.label("joined"),
            func.coalesce(ledger.c.allocated, literal(False)).label("allocated"),
            *(
                days(ledger.c[name]).label(name)
                for name in ("granted", "carried", "lapsed", "used")
            ),
            days(requests.c.pending).label("pending"),
            (days(requests.c.early) + days(collective.c.early)).label("early"),
            func.coalesce(collective.c.uncharged, literal([], ARRAY(Integer))).label("uncharged"),
        )
        .select_from(
            employee.join(year, literal(True))
            .join(leave_type, literal(True))
            .outerjoin(ledger, of(ledger))
            .outerjoin(requests, of(requests))
            .outerjoin(collective, and_(of(collective), leave_type.c.leave_type == "annual"))
        )
        .where(employee.c.id == any_(EMPLOYEES))
    )


_READ = _statement()


async def read(
    reader: Database | Transaction, employees: Iterable[int], first: int, last: int
) -> dict[int, Balances]:
    """The balances of employees in the years from `first` to `last`, by employee, as the ledger has
    them."""
    rows = await reader.all(
        _READ,
        employees=list(employees),
        first=first,
        last=last,
        lapses_on=_lapses_on(reader.policy),
        zone=reader.policy.timezone.key,
        since=reader.today - CATCH_UP,
    )
    found: dict[int, dict[tuple[int, str], Balance]] = defaultdict(dict)
    for row in rows:
        row["uncharged"] = tuple(row["uncharged"])
        balance = Balance(**row)
        found[balance.employee_id][balance.year, balance.leave_type] = balance
    return dict(found)


def _lapses_on(policy: Policy) -> str:
    month, day = policy.carry_forward_expiry or (12, 31)
    return f"{month:02}{day:02}"
