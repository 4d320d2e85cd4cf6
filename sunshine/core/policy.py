"""The company's own decisions from its configuration, as the rules read them: `tx.policy`.

sunshine/core/settings.py reads them from the environment; sunshine/core/variables.py declares the
variables.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from zoneinfo import ZoneInfo

UTC = ZoneInfo("UTC")


def minutes(*numbers: int) -> tuple[timedelta, ...]:
    """Return each number as a duration in minutes."""
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
    """The business timezone, and everything the rules leave to the company's choice."""

    # For days, office hours and deadlines, unless a location or a shift has its own.
    timezone: ZoneInfo = UTC
    # How far in the past employees may date their own check-in or check-out.
    max_backdate: timedelta = timedelta(minutes=15)
    # Whether a check-in outside every allowed location is refused instead of flagged.
    geofence_enforced: bool = False
    # Days in a year's allocation.
    annual_leave_days: int = 12
    special_leave_days: int = 5
    # Whether the year of joining grants only its remaining months.
    leave_prorated: bool = False
    # Days of annual leave that may carry over to the next year, and when they expire there: (month,
    # day).
    carry_forward_days: int = 0
    carry_forward_expiry: tuple[int, int] | None = None
    # Minimum number of days an approver has, counted from the application.
    approval_grace_days: int = 3
    # Opening and closing time, as durations after midnight, and the business weekdays, 1..7.
    business_hours: tuple[timedelta, ...] = minutes(9 * 60, 17 * 60)
    business_days: frozenset[int] = frozenset({1, 2, 3, 4, 5})
    # Business time until a ticket's first response and until its resolution, by priority.
    sla: Mapping[str, tuple[timedelta, ...]] = field(default_factory=_sla)
    # How long after its start a meeting without check-in releases its room; None for never.
    room_no_show: timedelta | None = None
