"""The arithmetic of leave balances, without a database: the days left of a year, and the entries
that are due in the ledger. Read and written by ledger.py.

Days carried over from the year before are used first, and expire on a day that the company sets:
days taken later have to be paid from the rest.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from sunshine.core.policy import Policy
from sunshine.modules.leave.rows import BalanceFigures

ZERO = Decimal(0)


@dataclass(frozen=True)
class Entry:
    """A row of the ledger. Days that are taken, expire or move to another year are negative."""

    employee_id: int
    leave_type: str
    year: int
    kind: str
    days: Decimal
    leave_id: int | None = None
    holiday_id: int | None = None
    notes: str | None = None


@dataclass(frozen=True)
class Balance:
    """An employee's days of one type in one year.

    `granted` are the days allocated, carried over and adjusted; `carried` those from the year
    before; `early` those taken or requested up to the day on which these expire; `uncharged` are
    the ids of collective holidays that the ledger has not charged yet.
    """

    employee_id: int
    leave_type: str
    year: int
    joined: date | None
    allocated: bool
    granted: Decimal
    carried: Decimal
    expired: Decimal
    used: Decimal
    pending: Decimal
    early: Decimal
    uncharged: Sequence[int]

    @property
    def remaining(self) -> Decimal:
        """The days that are neither used nor expired."""
        return self.granted - self.expired - self.used

    @property
    def available(self) -> Decimal:
        """The days that can still be requested."""
        return self.remaining - self.pending

    @property
    def unused(self) -> Decimal:
        """The days carried over that nobody takes or requests before they expire."""
        return max(ZERO, self.carried - self.early)

    def plus(self, entries: Iterable[Entry]) -> "Balance":
        """Return the balance with these entries in the ledger."""
        added = dict.fromkeys(("granted", "carried", "expired", "used"), ZERO)
        allocated = self.allocated
        for entry in entries:
            if (entry.year, entry.leave_type) != (self.year, self.leave_type):
                continue
            allocated = allocated or entry.kind == "allocation"
            if entry.kind == "taken":
                added["used"] -= entry.days
            elif entry.kind == "expiry":
                added["expired"] -= entry.days
            else:
                added["granted"] += entry.days
            if entry.kind == "carry_forward":
                added["carried"] += max(ZERO, entry.days)
        sums = {name: getattr(self, name) + days for name, days in added.items()}
        return replace(self, allocated=allocated, uncharged=(), **sums)

    def left_after(self, early: Decimal, late: Decimal, policy: Policy, today: date) -> Decimal:
        """Return the days left after taking more; negative where there are too few.

        `early` days are taken up to the day on which days carried over expire, `late` after it.
        """
        with_them = replace(self, early=self.early + early)
        expiring = ZERO
        if late or has_passed(expiry_date(policy, self.year), today):
            expiring = with_them.unused
        return self.granted - expiring - self.used - self.pending - early - late

    def figures(self, policy: Policy) -> BalanceFigures:
        """Return the balance as the API shows it; `total` = `used` + `remaining`."""
        return {
            "total": as_number(self.granted - self.expired),
            "used": as_number(self.used),
            "remaining": as_number(self.remaining),
            "pending": as_number(self.pending),
            "available": as_number(self.available),
            "carriedForward": as_number(self.carried),
            "expiresAt": expiry_date(policy, self.year) if self.carried else None,
        }


# One employee's, by year and type.
Balances = Mapping[tuple[int, str], Balance]


def with_due_entries(found: Balances, policy: Policy, today: date) -> tuple[Balances, list[Entry]]:
    """Return the balances as they should be, and the entries that the ledger lacks for that.

    The first year among them only serves the second one, as the source of days carried over.
    """
    now = dict(found)
    missing: list[Entry] = []
    first = min(year for year, _ in found)
    for (year, leave_type), balance in sorted(found.items()):
        if year == first and not balance.allocated:
            continue
        # A year allocated just now has nothing to carry over: the company was not there yet.
        before = found.get((year - 1, leave_type))
        source = now[year - 1, leave_type] if before and before.allocated else None
        entries = _due(balance, source, policy, today)
        missing += entries
        now[year, leave_type] = balance.plus(entries)
        if source:
            now[year - 1, leave_type] = source.plus(entries)
    return now, missing


def _due(balance: Balance, source: Balance | None, policy: Policy, today: date) -> list[Entry]:
    """Return the charges of collective holidays, the allocation, days carried over, the expiry."""
    entries = [_entry(balance, "taken", Decimal(-1), holiday_id=id_) for id_ in balance.uncharged]
    if not balance.allocated and _has_joined(balance):
        entries.append(_entry(balance, "allocation", _entitlement(balance, policy)))
        if source and balance.year <= today.year:
            entries += _carried_over(balance, source, policy)
    now = balance.plus(entries)
    # Both ways: leave entered late, or a later expiry date, restores days that had expired.
    expired = now.unused if has_passed(expiry_date(policy, balance.year), today) else ZERO
    if expired != now.expired:
        entries.append(_entry(balance, "expiry", now.expired - expired))
    return entries


def _carried_over(balance: Balance, source: Balance, policy: Policy) -> list[Entry]:
    days = min(Decimal(policy.carry_forward_days), source.available)
    if balance.leave_type != "annual" or days <= 0:
        return []
    return [_entry(source, "carry_forward", -days), _entry(balance, "carry_forward", days)]


def _entitlement(balance: Balance, policy: Policy) -> Decimal:
    """Return the days of a year.

    Where the company pro-rates, the year of joining has the share of the months from that of
    joining on, rounded to half days, a quarter of a day up.
    """
    annual = balance.leave_type == "annual"
    days = policy.annual_leave_days if annual else policy.special_leave_days
    if policy.leave_prorated and balance.joined and balance.joined.year == balance.year:
        months = 13 - balance.joined.month
        return Decimal((days * months * 2 + 6) // 12) / 2
    return Decimal(days)


def _has_joined(balance: Balance) -> bool:
    return balance.joined is None or balance.joined.year <= balance.year


def _entry(balance: Balance, kind: str, days: Decimal, *, holiday_id: int | None = None) -> Entry:
    return Entry(
        balance.employee_id, balance.leave_type, balance.year, kind, days, holiday_id=holiday_id
    )


def balance_type(leave_type: str) -> str:
    """Return the type of the balance that pays for a type of leave."""
    return "special" if leave_type == "special" else "annual"


def expiry_date(policy: Policy, year: int) -> date | None:
    """Return the last day on which days carried into a year are valid; None: they never expire."""
    return date(year, *policy.carry_forward_expiry) if policy.carry_forward_expiry else None


def has_passed(day: date | None, today: date) -> bool:
    """Return whether a day is over; None never is."""
    return day is not None and day < today


def as_number(days: Decimal) -> int | float:
    """Return 12 and not 12.0; 4.5."""
    return int(days) if days == int(days) else float(days)
