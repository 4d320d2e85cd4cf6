"""Balances read from the database: the ledger, requests and holidays summed in one statement.

What the sums mean: balance.py. Used by ledger.py.
"""

from collections import defaultdict
from collections.abc import Iterable
from datetime import timedelta

from sqlalchemy import (
    ARRAY,
    Boolean,
    Date,
    Integer,
    Numeric,
    Text,
    bindparam,
    text,
)

from sunshine.core.policy import Policy
from sunshine.database.database import Database, Transaction
from sunshine.database.statements import Statement
from sunshine.modules.leave.balance import Balance, Balances
from sunshine.modules.leave.rows import BalanceRow

# How long after a collective holiday an employee who was there is still charged for it: longer
# than a server is down, shorter than an employee is away.
CATCH_UP = timedelta(days=7)

# A row per employee, year and type, whether there is anything to sum or not.
#
# `ledger` sums the entries by kind. `requests` are the days of requests that are pending or
# approved; their condition is worded as in the exclusion constraint, for its index. `collective`
# are the collective holidays that are charged, or have to be: one that falls to an employee who was
# not there when it was entered is ahead, or was just now and they were on the books already.
# `early` are the days up to the one, MMDD, on which days carried over expire.
#
# Constants are in the text: it stays short enough for psycopg to cache what it makes of it.
_BALANCES = Statement(
    text("""
SELECT employee.id AS employee_id,
       years.year,
       types.leave_type,
       employee.join_date AS joined,
       coalesce(ledger.allocated, false) AS allocated,
       coalesce(ledger.granted, 0) AS granted,
       coalesce(ledger.carried, 0) AS carried,
       coalesce(ledger.expired, 0) AS expired,
       coalesce(ledger.used, 0) AS used,
       coalesce(requests.pending, 0) AS pending,
       coalesce(requests.early, 0) + coalesce(collective.early, 0) AS early,
       coalesce(collective.uncharged, '{}') AS uncharged
FROM employee
JOIN generate_series(:first, :last) AS years(year) ON true
JOIN unnest(ARRAY['annual', 'special']) AS types(leave_type) ON true
LEFT JOIN (
    SELECT e.employee_id,
           e.year,
           e.leave_type,
           bool_or(e.kind = 'allocation') AS allocated,
           sum(e.days) FILTER (
               WHERE e.kind = 'allocation' OR e.kind = 'carry_forward' OR e.kind = 'adjustment'
           ) AS granted,
           sum(e.days) FILTER (WHERE e.kind = 'carry_forward' AND e.days > 0) AS carried,
           -sum(e.days) FILTER (WHERE e.kind = 'expiry') AS expired,
           -sum(e.days) FILTER (WHERE e.kind = 'taken') AS used
    FROM leave_entry AS e
    WHERE e.employee_id = ANY (:employees) AND e.year BETWEEN :first AND :last
    GROUP BY e.employee_id, e.year, e.leave_type
) AS ledger
    ON ledger.employee_id = employee.id
    AND ledger.year = years.year
    AND ledger.leave_type = types.leave_type
LEFT JOIN (
    SELECT leave.employee_id,
           extract(year FROM leave_day.day)::integer AS year,
           CASE WHEN leave.leave_type = 'special' THEN 'special' ELSE 'annual' END AS leave_type,
           sum(leave_day.portion) FILTER (WHERE leave.status = 'pending') AS pending,
           sum(leave_day.portion) FILTER (
               WHERE to_char(leave_day.day, 'MMDD') <= :expires_on
           ) AS early
    FROM leave
    JOIN leave_day ON leave_day.leave_id = leave.id
    WHERE leave.employee_id = ANY (:employees)
      AND leave.status IN ('pending', 'approved')
      AND extract(year FROM leave_day.day)::integer BETWEEN :first AND :last
    GROUP BY 1, 2, 3
) AS requests
    ON requests.employee_id = employee.id
    AND requests.year = years.year
    AND requests.leave_type = types.leave_type
LEFT JOIN (
    SELECT employee.id AS employee_id,
           extract(year FROM holiday.date)::integer AS year,
           count(*) FILTER (WHERE to_char(holiday.date, 'MMDD') <= :expires_on) AS early,
           array_agg(holiday.id ORDER BY holiday.date) FILTER (
               WHERE charges.holiday_id IS NULL
           ) AS uncharged
    FROM employee
    JOIN holiday ON holiday.deducts_annual
    LEFT JOIN (
        SELECT e.employee_id, e.holiday_id
        FROM leave_entry AS e
        WHERE e.employee_id = ANY (:employees)
          AND e.year BETWEEN :first AND :last
          AND e.holiday_id IS NOT NULL
        GROUP BY e.employee_id, e.holiday_id
        HAVING sum(e.days) <> 0
    ) AS charges ON charges.employee_id = employee.id AND charges.holiday_id = holiday.id
    WHERE employee.id = ANY (:employees)
      AND extract(year FROM holiday.date)::integer BETWEEN :first AND :last
      AND (
          charges.holiday_id IS NOT NULL
          OR holiday.deleted_at IS NULL
          AND holiday.date >= :since
          AND holiday.date >= timezone(:zone, employee.created_at)::date
          AND employee.status = 'active'
          AND employee.deleted_at IS NULL
          AND (employee.join_date IS NULL OR employee.join_date <= holiday.date)
      )
    GROUP BY 1, 2
) AS collective
    ON collective.employee_id = employee.id
    AND collective.year = years.year
    AND types.leave_type = 'annual'
WHERE employee.id = ANY (:employees)
""")
    .bindparams(
        bindparam("employees", type_=ARRAY(Integer)),
        bindparam("first", type_=Integer),
        bindparam("last", type_=Integer),
        bindparam("expires_on", type_=Text),
        bindparam("since", type_=Date),
        bindparam("zone", type_=Text),
    )
    .columns(
        employee_id=Integer,
        year=Integer,
        leave_type=Text,
        joined=Date,
        allocated=Boolean,
        **dict.fromkeys(("granted", "carried", "expired", "used", "pending", "early"), Numeric),
        uncharged=ARRAY(Integer),
    ),
    BalanceRow,
)


async def read(
    reader: Database | Transaction, employees: Iterable[int], first: int, last: int
) -> dict[int, Balances]:
    """Return the balances of the years from `first` to `last` in the ledger, by employee."""
    rows = await reader.all(
        _BALANCES,
        employees=list(employees),
        first=first,
        last=last,
        expires_on=_expires_on(reader.policy),
        zone=reader.policy.timezone.key,
        since=reader.today - CATCH_UP,
    )
    found: dict[int, dict[tuple[int, str], Balance]] = defaultdict(dict)
    for row in rows:
        found[row["employee_id"]][row["year"], row["leave_type"]] = Balance(**row)
    return dict(found)


def _expires_on(policy: Policy) -> str:
    """Return the last day, MMDD, on which days carried over can be taken."""
    month, day = policy.carry_forward_expiry or (12, 31)
    return f"{month:02}{day:02}"
