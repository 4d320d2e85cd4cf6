"""Leave in plain Python, as its rules are told: what test_model.py holds the real thing against.

No ledger and no SQL: a balance is worked out from what was granted and what is asked for. Halves
of days are exact as floats.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from sunshine.core.policy import Policy

Days = dict[date, float]
DAY = timedelta(days=1)
WHOLE, HALF = 1.0, 0.5


class Refused(Exception):
    """The code of what the rules should refuse with."""


@dataclass
class Person:
    """Somebody: when they came (None: always there), when they were entered, their weekdays."""

    joined: date | None
    entered: date
    weekdays: frozenset[int]
    active: bool = True


@dataclass
class Request:
    person: str
    leave_type: str
    first: date
    last: date
    half: str | None
    deadline: date
    days: Days
    status: str = "pending"

    @property
    def is_open(self) -> bool:
        return self.status in ("pending", "approved")

    @property
    def balance(self) -> str:
        return "special" if self.leave_type == "special" else "annual"

    def overlaps(self, other: "Request") -> bool:
        return self._begins < other._ends and other._begins < self._ends

    @property
    def _begins(self) -> datetime:
        return datetime.combine(self.first, time(12 if self.half == "pm" else 0))

    @property
    def _ends(self) -> datetime:
        noon = datetime.combine(self.last, time(12))
        return noon if self.half == "am" else noon + timedelta(hours=12)


@dataclass
class Holiday:
    date: date
    deducts: bool
    charged: set[str] = field(default_factory=set)


@dataclass
class Company:
    policy: Policy
    today: date
    people: dict[str, Person]
    requests: dict[int, Request] = field(default_factory=dict)
    holidays: dict[int, Holiday] = field(default_factory=dict)
    # By person and year: open for changes, with so many days from the year before.
    opened: dict[tuple[str, int], float] = field(default_factory=dict)
    adjusted: dict[tuple[str, str, int], float] = field(default_factory=dict)

    # ---- Asking -------------------------------------------------------------------------------

    def standing(self, name: str, year: int) -> dict[str, dict[str, object]]:
        """The API's answer."""
        answer: dict[str, dict[str, object]] = {}
        for kind in ("annual", "special"):
            carried = self.carried(name, year) if kind == "annual" else 0.0
            lapsed = self.lapsed(name, year) if kind == "annual" else 0.0
            total = self.granted(name, kind, year) - lapsed
            used = self.taken(name, kind, year, "approved")
            pending = self.taken(name, kind, year, "pending")
            answer[f"{kind}Leave"] = {
                "total": total,
                "used": used,
                "remaining": total - used,
                "pending": pending,
                "available": total - used - pending,
                "carriedForward": carried,
                "expiresAt": self.lapses(year) if carried else None,
            }
        return answer

    def available(self, name: str, year: int) -> float:
        value = self.standing(name, year)["annualLeave"]["available"]
        assert isinstance(value, float | int)
        return value

    def carried(self, name: str, year: int) -> float:
        if (name, year) in self.opened:
            return self.opened[name, year]
        return self.carries_now(name, year)

    def carries_now(self, name: str, year: int) -> float:
        """What would move into a year if it were opened now."""
        joined = self.people[name].joined
        if year > self.today.year or (name, year - 1) not in self.opened:
            return 0.0
        if joined and joined.year > year:
            return 0.0
        return max(0.0, min(self.policy.carry_forward_days, self.available(name, year - 1)))

    def granted(self, name: str, kind: str, year: int) -> float:
        joined = self.people[name].joined
        if joined and joined.year > year:
            days = 0.0
        else:
            annual = kind == "annual"
            days = self.policy.annual_leave_days if annual else self.policy.special_leave_days
            if self.policy.leave_prorated and joined and joined.year == year:
                halves = days * 2 * (13 - joined.month) / 12
                days = int(halves + 0.5) / 2
        if kind == "annual":
            days += self.carried(name, year)
            days -= self.opened.get((name, year + 1), 0.0)
        return days + self.adjusted.get((name, kind, year), 0.0)

    def taken(self, name: str, kind: str, year: int, status: str) -> float:
        days = sum(
            (
                portion
                for request in self.requests.values()
                if (request.person, request.balance, request.status) == (name, kind, status)
                for day, portion in request.days.items()
                if day.year == year
            ),
            0.0,
        )
        if kind == "annual" and status == "approved":
            days += sum(1 for day in self.charges(name) if day.year == year)
        return days

    def charges(self, name: str) -> list[date]:
        """Collective days that somebody pays for, or will as soon as they are written down."""
        return [h.date for h in self.holidays.values() if name in h.charged or self.owes(name, h)]

    def owes(self, name: str, holiday: Holiday) -> bool:
        """Somebody who was not there when a collective day was entered, and is on that day."""
        person = self.people[name]
        return (
            holiday.deducts
            and name not in holiday.charged
            and person.active
            and person.entered <= holiday.date
            and (person.joined is None or person.joined <= holiday.date)
            and holiday.date >= self.today - 7 * DAY
        )

    def lapses(self, year: int) -> date | None:
        expiry = self.policy.carry_forward_expiry
        return date(year, *expiry) if expiry else None

    def lapsed(self, name: str, year: int) -> float:
        lapses = self.lapses(year)
        if lapses is None or self.today <= lapses:
            return 0.0
        return max(0.0, self.carried(name, year) - self.early(name, year))

    def early(self, name: str, year: int) -> float:
        """Annual days used or asked for while carried days were good."""
        last = self.lapses(year) or date(year, 12, 31)
        asked = [
            portion
            for request in self.requests.values()
            if request.is_open and (request.person, request.balance) == (name, "annual")
            for day, portion in request.days.items()
            if day.year == year and day <= last
        ]
        charged = [1 for day in self.charges(name) if day.year == year and day <= last]
        return sum(asked, 0.0) + sum(charged)

    def works(self, name: str, day: date) -> bool:
        free = any(holiday.date == day for holiday in self.holidays.values())
        return day.isoweekday() in self.people[name].weekdays and not free

    # ---- Doing --------------------------------------------------------------------------------

    def ask(self, name: str, leave_type: str, first: date, last: date, half: str | None) -> Request:
        """A request that may be made; else Refused."""
        person = self.people[name]
        if last < first or (half and first != last):
            raise Refused("validation_failed")
        if not person.active:
            raise Refused("employee_inactive")
        if person.joined and first < person.joined:
            raise Refused("validation_failed")
        every = [first + n * DAY for n in range((last - first).days + 1)]
        days = {day: HALF if half else WHOLE for day in every if self.works(name, day)}
        if not days:
            raise Refused("no_working_days")
        deadline = max(first, self.today + self.policy.approval_grace_days * DAY)
        request = Request(name, leave_type, first, last, half, deadline, days)
        others = [r for r in self.requests.values() if r.person == name and r.is_open]
        if any(request.overlaps(other) for other in others):
            raise Refused("leave_overlap")
        self.check_enough(request, {})
        self.open(name, min(days), max(days))
        return request

    def check_enough(self, request: Request, reserved: Days) -> None:
        """The balance of each year pays for it. Carried days pay for what is early only."""
        name, kind = request.person, request.balance
        for year in {day.year for day in request.days}:
            lapses = self.lapses(year)
            of_year = {d: p for d, p in request.days.items() if d.year == year}
            late = sum((p for d, p in of_year.items() if lapses and d > lapses), 0.0)
            asked = sum(of_year.values(), 0.0)
            granted = self.granted(name, kind, year)
            taken = self.taken(name, kind, year, "approved") + asked
            if not reserved:
                taken += self.taken(name, kind, year, "pending")
            wasted = 0.0
            if kind == "annual" and lapses and (late or self.today > lapses):
                early = self.early(name, year) + (0 if reserved else asked - late)
                wasted = max(0.0, self.carried(name, year) - early)
            if taken + wasted > granted:
                raise Refused("insufficient_balance")

    def approve(self, request: Request) -> None:
        if request.status != "pending":
            raise Refused("already_decided")
        if request.days:
            self.check_enough(request, request.days)
            self.open(request.person, min(request.days), max(request.days))
        request.status = "approved"

    def reject(self, request: Request) -> None:
        if request.status != "pending":
            raise Refused("already_decided")
        request.status = "rejected"

    def cancel(self, request: Request) -> None:
        if not request.is_open:
            raise Refused("already_decided")
        if request.status == "approved" and request.first <= self.today:
            raise Refused("leave_begun")
        request.status = "cancelled"

    def adjust(self, name: str, kind: str, year: int, days: float) -> None:
        self.open(name, date(year, 1, 1), date(year, 1, 1))
        known = self.adjusted.get((name, kind, year), 0.0)
        self.adjusted[name, kind, year] = known + days

    def open(self, name: str, first: date, last: date) -> None:
        """The first change in a year writes down what it was given, and what it owes."""
        joined = self.people[name].joined
        before = dict(self.opened)
        for year in range(first.year - 1, min(last.year, self.today.year) + 1):
            is_new = (name, year) not in self.opened and not (joined and joined.year > year)
            if year < first.year and is_new:
                continue
            if is_new:
                # Nothing moves out of a year that nobody had opened until now.
                moves = (name, year - 1) in before
                self.opened[name, year] = self.carries_now(name, year) if moves else 0.0
            for holiday in self.holidays.values():
                if holiday.date.year == year and self.owes(name, holiday):
                    holiday.charged.add(name)

    def allocate(self) -> None:
        for name, person in self.people.items():
            if person.active:
                self.open(name, self.today, self.today)

    def expire(self) -> None:
        years = (self.today.year - 1, self.today.year, self.today.year + 1)
        for name, person in self.people.items():
            if person.active and any(self.opened.get((name, year)) for year in years):
                self.open(name, self.today, self.today)

    def auto_reject(self) -> None:
        for request in self.requests.values():
            if request.status == "pending" and request.deadline < self.today:
                request.status = "rejected"

    def check_free(self, day: date, but: int | None = None) -> None:
        if any(h.date == day for id_, h in self.holidays.items() if id_ != but):
            raise Refused("holiday_date_taken")

    def add(self, id_: int, day: date, deducts: bool) -> None:
        self.holidays[id_] = Holiday(day, deducts)
        if deducts:
            for name, person in self.people.items():
                if person.active and (person.joined is None or person.joined <= day):
                    self.holidays[id_].charged.add(name)
        self.recount([day])

    def remove(self, id_: int) -> None:
        self.recount([self.holidays.pop(id_).date])

    def recount(self, days: Iterable[date]) -> None:
        for day in days:
            for request in self.requests.values():
                if request.is_open and request.first <= day <= request.last:
                    if self.works(request.person, day):
                        request.days[day] = HALF if request.half else WHOLE
                    else:
                        request.days.pop(day, None)
