"""What the company decided in its configuration, as rules ask for it: `tx.policy`.

Read from the environment by sunshine/core/settings.py; the variables are in
sunshine/core/variables.py.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from zoneinfo import ZoneInfo

UTC = ZoneInfo("UTC")


def minutes(*numbers: int) -> tuple[timedelta, ...]:
    """So many minutes, each."""
    return tuple(timedelta(minutes=number) for number in numbers)


def _sla() -> Mapping[str, tuple[timedelta, ...]]:
    return {
        "urgent": minutes(15, 60),
        "high": minutes(60, 240),
        "medium": minutes(60, 480),
        "low": minutes(240, 960),
    }


@dataclass(frozen=True)
class Policy:
    """Where the company's days begin, and what its rules leave to its own choice."""

    # Today, office hours and deadlines, unless a location or a shift has its own.
    timezone: ZoneInfo = UTC
    # How far in the past employees may date their own check-in or check-out.
    max_backdate: timedelta = timedelta(minutes=15)
    # Whether a check-in outside every allowed location is refused instead of flagged.
    geofence_enforced: bool = False
    # Days that a year's allocation gives.
    annual_leave_days: int = 12
    special_leave_days: int = 5
    # Whether the year of joining gives only the months that are left of it.
    leave_prorated: bool = False
    # Days of annual leave that may move to the next year, and when they lapse there: (month, day).
    carry_forward_days: int = 0
    carry_forward_expiry: tuple[int, int] | None = None
    # Days that an approver has at least, counted from the application.
    approval_grace_days: int = 3
    # From when to when the business is open, after midnight, and on which weekdays, 1..7.
    business_hours: tuple[timedelta, ...] = minutes(9 * 60, 17 * 60)
    business_days: frozenset[int] = frozenset({1, 2, 3, 4, 5})
    # Open time until a ticket's first response and until its resolution, by priority.
    sla: Mapping[str, tuple[timedelta, ...]] = field(default_factory=_sla)
    # After how long a meeting that nobody checked in to gives its room free; None for never.
    room_no_show: timedelta | None = None
