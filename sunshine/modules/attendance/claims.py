"""The claim of a check-in or check-out: of whom, when and where; and what the caller may claim.

Used by check_in.py and check_out.py.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sunshine.core.errors import Invalid, NotAllowed
from sunshine.core.policy import Policy
from sunshine.core.principals import Principal
from sunshine.database.database import Transaction
from sunshine.modules.attendance.rows import AttendanceRow
from sunshine.modules.employees import locking
from sunshine.modules.employees.locking import LockedEmployee
from sunshine.modules.scope import employee_of

RECORD_ANY = "attendance:record:any"
# How far two clocks may differ before one of them is suspect.
SKEW = timedelta(minutes=5)
# Stores the photo that came with a claim, if any, and returns its path below static/.
KeepPhoto = Callable[[], Awaitable[str | None]]


@dataclass(frozen=True)
class Claim:
    """A claim: `at` is the server's time unless `is_dated`; `is_own` where it is the caller's own.

    `dates_freely` where the caller may claim any time.
    """

    employee_id: int
    at: datetime
    now: datetime
    is_dated: bool
    is_own: bool
    dates_freely: bool
    latitude: float | None
    longitude: float | None

    @classmethod
    def of(cls, tx: Transaction, body: Mapping[str, Any], actor: Principal) -> "Claim":
        """Return the claim of a body; NotAllowed for others without permission to record them."""
        employee_id = body["employeeId"] if "employeeId" in body else employee_of(actor)
        is_own = employee_id == actor.employee_id
        if not (is_own or actor.may(RECORD_ANY)):
            raise NotAllowed
        location = body.get("location") or {}
        return cls(
            employee_id,
            at=body.get("timestamp", tx.now),
            now=tx.now,
            is_dated="timestamp" in body,
            is_own=is_own,
            dates_freely=actor.may(RECORD_ANY),
            latitude=location.get("latitude"),
            longitude=location.get("longitude"),
        )

    def repeats(self, record: AttendanceRow) -> bool:
        """Return whether the claim was sent again: the open record has the same time and place."""
        there = record["checkInLocation"] or {"latitude": None, "longitude": None}
        same = (record["checkIn"], there["latitude"], there["longitude"]) == (
            self.at, self.latitude, self.longitude,
        )  # fmt: skip
        return self.is_dated and record["checkOut"] is None and same

    def check_date(self, policy: Policy) -> None:
        """Reject a time further from the present than the caller may claim; Invalid."""
        if self.dates_freely or self._is_near(policy):
            return
        if self.at > self.now:
            raise Invalid.field("timestamp", "must not be in the future")
        minutes = policy.max_backdate // timedelta(minutes=1)
        raise Invalid.field("timestamp", f"must not be more than {minutes} minutes ago")

    def reasons(self) -> list[str]:
        """Return the reasons for a review: the employee's clock is far from the server's."""
        return ["skew"] if self.is_own and abs(self.at - self.now) > SKEW else []

    def payload(self, row: AttendanceRow, policy: Policy) -> dict[str, Any]:
        """Return the payload of the event: the record, and what only few may claim.

        `recordedFor` names another employee; `datedFreely` marks a time far from the present.
        """
        payload: dict[str, Any] = {**row}
        if not self.is_own:
            payload["recordedFor"] = row["employee"]
        if not self._is_near(policy):
            payload["datedFreely"] = True
        return payload

    def _is_near(self, policy: Policy) -> bool:
        return -SKEW <= self.now - self.at <= policy.max_backdate


async def lock(tx: Transaction, claim: Claim) -> LockedEmployee:
    """Lock and return the employee of a claim; Invalid where there is none."""
    person = await locking.find_for_update(tx, claim.employee_id)
    if person is None:
        raise Invalid.field("employeeId", "does not exist")
    return person
