"""What somebody who checks in or out claims: who, when, where; and what of it they may.

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
from sunshine.database.statements import Row
from sunshine.modules.attendance.assessment import LOCK_EMPLOYEE
from sunshine.modules.scope import employee_of

RECORD_ANY = "attendance:record:any"
# How far two clocks may differ before one of them is suspected.
SKEW = timedelta(minutes=5)
# Stores the photo that came with a claim, if any, and tells its path below static/.
KeepPhoto = Callable[[], Awaitable[str | None]]


@dataclass(frozen=True)
class Claim:
    """`at` is the server's instant unless `is_dated`; `is_own` tells that it is about oneself."""

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
        """What the body says; NotAllowed for others unless one may record anybody's attendance."""
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

    def repeats(self, record: Row) -> bool:
        """Whether it is sent once more: the open record says the same, to the instant."""
        there = record["checkInLocation"] or {"latitude": None, "longitude": None}
        same = (record["checkIn"], there["latitude"], there["longitude"]) == (
            self.at, self.latitude, self.longitude,
        )  # fmt: skip
        return self.is_dated and record["checkOut"] is None and same

    def check_date(self, policy: Policy) -> None:
        """Invalid when it is further from the present than one may claim."""
        if self.dates_freely or self._is_near(policy):
            return
        if self.at > self.now:
            raise Invalid.field("timestamp", "must not be in the future")
        minutes = policy.max_backdate // timedelta(minutes=1)
        raise Invalid.field("timestamp", f"must not be more than {minutes} minutes ago")

    def reasons(self) -> list[str]:
        """Why somebody should look at it: one's own clock differs much from ours."""
        return ["skew"] if self.is_own and abs(self.at - self.now) > SKEW else []

    def told(self, row: Row, policy: Policy) -> Row:
        """The row as its event keeps it: with what only those may do who record for anybody."""
        told = dict(row)
        if not self.is_own:
            told["recordedFor"] = row["employee"]
        if not self._is_near(policy):
            told["datedFreely"] = True
        return told

    def _is_near(self, policy: Policy) -> bool:
        return -SKEW <= self.now - self.at <= policy.max_backdate


async def lock(tx: Transaction, claim: Claim) -> Row:
    """The employee (name, status, timezone), whose attendance nobody else changes until we are
    done; Invalid when there is none."""
    person = await tx.one_or_none(LOCK_EMPLOYEE, employee=claim.employee_id)
    if person is None or person["deleted_at"] is not None:
        raise Invalid.field("employeeId", "does not exist")
    return person
