"""A change of who is on leave updates attendance, for exactly the days that it touches."""

from datetime import date
from typing import Any

import pytest

from sunshine.modules.leave import decisions, holidays
from tests.api import Api
from tests.conftest import Now
from tests.leave.factories import HOLIDAYS, asked, cancel, decide, holiday

Synced = list[tuple[date, date, int | None]]


@pytest.fixture
def synced(monkeypatch: pytest.MonkeyPatch) -> Synced:
    """The calls of sync_absences: from which day to which, of whom; an empty list at first."""
    calls: Synced = []

    async def sync_absences(
        _: Any, first: date, last: date, employee_id: int | None = None
    ) -> None:
        calls.append((first, last, employee_id))

    monkeypatch.setattr(decisions, "sync_absences", sync_absences)
    monkeypatch.setattr(holidays, "sync_absences", sync_absences)
    return calls


async def test_leave_that_begins_or_ends_to_be(api: Api, january: Now, synced: Synced) -> None:
    days = (date(2025, 2, 3), date(2025, 2, 7), api.employee.employee_id)
    leave = await asked(api, "2025-02-03", "2025-02-07")
    assert synced == []
    await decide(api, leave)
    assert synced == [days]
    await cancel(api, leave)
    assert synced == [days, days]


async def test_not_what_nobody_was_given(api: Api, january: Now, synced: Synced) -> None:
    await decide(api, await asked(api, "2025-02-03"), "reject")
    await cancel(api, await asked(api, "2025-02-03"))
    assert synced == []


async def test_a_holiday_for_everybody(api: Api, january: Now, synced: Synced) -> None:
    first, second = date(2025, 2, 3), date(2025, 2, 4)
    made = await holiday(api, str(first))
    where = f"{HOLIDAYS}/{made['id']}"
    await api.put(where, {"name": "Another Name"}, as_="hr")
    assert synced == [(first, first, None)]
    await api.put(where, {"date": str(second)}, as_="hr")
    await api.delete(where, as_="hr")
    assert synced[1:] == [(day, day, None) for day in (first, second, second)]
