"""The arithmetic of leave balances, without a database: what is left of a year's days, and what the
ledger lacks. Read and written by ledger.py.

Days that moved from the year before are used first and lapse on a day of the company's choice:
whatever is taken after that day must be paid from the rest.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

from sunshine.core.policy import Policy

ZERO = Decimal(0)


@dataclass(frozen=True)
class Entry:
    """A row of the ledger. What is taken, lapses or moves away is negative."""

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

    `granted` is allocated, carried over and adjusted; `carried` what came from the year before;
    `early` what was taken or is asked for up to the day on which that lapses; `uncharged` are
    collective holidays that the ledger has not charged yet.
    """

    employee_id: int
    leave_type: str
    year: int
    joined: date | None
    allocated: bool
    granted: Decimal
    carried: Decimal
    lapsed: Decimal
    used: Decimal
    pending: Decimal
    early: Decimal
    uncharged: tuple[int, ...]

    @property
    def remaining(self) -> Decimal:
        """What is neither used nor lapsed."""
        return self.granted - self.lapsed - self.used

    @property
    def available(self) -> Decimal:
        """What may still be asked for."""
        return self.remaining - self.pending

    @property
    def unused(self) -> Decimal:
        """What of the days carried over nobody took or asks for in time."""
        return max(ZERO, self.carried - self.early)

    def plus(self, entries: Iterable[Entry]) -> "Balance":
        """The balance once these are in the ledger."""
        added = dict.fromkeys(("granted", "carried", "lapsed", "used"), ZERO)
        allocated = self.allocated
        for entry in entries:
            if (entry.year, entry.leave_type) != (self.year, self.leave_type):
                continue
            allocated = allocated or entry.kind == "allocation"
            if entry.kind == "taken":
                added["used"] -= entry.days
            elif entry.kind == "expiry":
                added["lapsed"] -= entry.days
            else:
                added["granted"] += entry.days
            if entry.kind == "carry_forward":
                added["carried"] += max(ZERO, entry.days)
        sums = {name: getattr(self, name) + days for name, days in added.items()}
        return replace(self, allocated=allocated, uncharged=(), **sums)

    def left_after(self, early: Decimal, late: Decimal, policy: Policy, today: date) -> Decimal:
        """What would be left after taking so many days more, up to the day on which days carried
        over lapse and after it; negative: they are not there."""
        with_them = replace(self, early=self.early + early)
        lapsing = ZERO
        if late or is_over(lapse_date(policy, self.year), today):
            lapsing = with_them.unused
        return self.granted - lapsing - self.used - self.pending - early - late

    def shown(self, policy: Policy) -> dict[str, Any]:
        """As the API answers it; `total` = `used` + `remaining`."""
        return {
            "total": shown(self.granted - self.lapsed),
            "used": shown(self.used),
            "remaining": shown(self.remaining),
            "pending": shown(self.pending),
            "available": shown(self.available),
            "carriedForward": shown(self.carried),
            "expiresAt": lapse_date(policy, self.year) if self.carried else None,
        }


# One employee's, by year and type.
Balances = Mapping[tuple[int, str], Balance]


def with_due_entries(found: Balances, policy: Policy, today: date) -> tuple[Balances, list[Entry]]:
    """The balances as they are due, and the entries that the ledger lacks for that.

    The first year among them serves the second only, as what may be carried over.
    """
    now = dict(found)
    lacking: list[Entry] = []
    first = min(year for year, _ in found)
    for (year, leave_type), balance in sorted(found.items()):
        if year == first and not balance.allocated:
            continue
        # What was opened just now has nothing to carry over: the company was not there yet.
        before = found.get((year - 1, leave_type))
        source = now[year - 1, leave_type] if before and before.allocated else None
        entries = _due(balance, source, policy, today)
        lacking += entries
        now[year, leave_type] = balance.plus(entries)
        if source:
            now[year - 1, leave_type] = source.plus(entries)
    return now, lacking


def _due(balance: Balance, source: Balance | None, policy: Policy, today: date) -> list[Entry]:
    """Charges of collective holidays, the allocation with what is carried over, the lapse."""
    entries = [_entry(balance, "taken", Decimal(-1), holiday_id=id_) for id_ in balance.uncharged]
    if not balance.allocated and _joined_by(balance):
        entries.append(_entry(balance, "allocation", _entitled(balance, policy)))
        if source and balance.year <= today.year:
            entries += _carried(balance, source, policy)
    now = balance.plus(entries)
    # Both ways: a day filed late, or a later date of lapse, brings back what it is owed.
    lapsed = now.unused if is_over(lapse_date(policy, balance.year), today) else ZERO
    if lapsed != now.lapsed:
        entries.append(_entry(balance, "expiry", now.lapsed - lapsed))
    return entries


def _carried(balance: Balance, source: Balance, policy: Policy) -> list[Entry]:
    days = min(Decimal(policy.carry_forward_days), source.available)
    if balance.leave_type != "annual" or days <= 0:
        return []
    return [_entry(source, "carry_forward", -days), _entry(balance, "carry_forward", days)]


def _entitled(balance: Balance, policy: Policy) -> Decimal:
    """A year's days; of the year of joining, where the company pro-rates, those of the months from
    the one of joining on, rounded to half days, half of that up."""
    annual = balance.leave_type == "annual"
    days = policy.annual_leave_days if annual else policy.special_leave_days
    if policy.leave_prorated and balance.joined and balance.joined.year == balance.year:
        months = 13 - balance.joined.month
        return Decimal((days * months * 2 + 6) // 12) / 2
    return Decimal(days)


def _joined_by(balance: Balance) -> bool:
    return balance.joined is None or balance.joined.year <= balance.year


def _entry(balance: Balance, kind: str, days: Decimal, *, holiday_id: int | None = None) -> Entry:
    return Entry(
        balance.employee_id, balance.leave_type, balance.year, kind, days, holiday_id=holiday_id
    )


def charged(leave_type: str) -> str:
    """The balance that pays for a type of leave."""
    return "special" if leave_type == "special" else "annual"


def lapse_date(policy: Policy, year: int) -> date | None:
    """The last day on which days carried into a year are good; None: for ever."""
    return date(year, *policy.carry_forward_expiry) if policy.carry_forward_expiry else None


def is_over(day: date | None, today: date) -> bool:
    """Whether a day has passed."""
    return day is not None and day < today


def shown(days: Decimal) -> int | float:
    """12 and not 12.0; 4.5."""
    return int(days) if days == int(days) else float(days)
