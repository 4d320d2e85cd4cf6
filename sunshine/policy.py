"""What the company decided in its configuration, as rules ask for it: `tx.policy`.

Read from the environment by sunshine/settings.py; the variables are in sunshine/variables.py.
"""

from dataclasses import dataclass
from datetime import timedelta
from zoneinfo import ZoneInfo

UTC = ZoneInfo("UTC")


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
    # After how long a meeting that nobody checked in to gives its room free; None for never.
    room_no_show: timedelta | None = None
