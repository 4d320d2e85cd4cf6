"""Whatever changes who is on leave has attendance settled, for exactly the days it touched."""

from datetime import date
from typing import Any

import pytest

from sunshine.modules.leave import decisions, holidays
from tests.api import Api
from tests.conftest import Now
from tests.leave.factories import HOLIDAYS, asked, cancel, decide, holiday

Settled = list[tuple[date, date, int | None]]


@pytest.fixture
def settled(monkeypatch: pytest.MonkeyPatch) -> Settled:
    """What was settled: from which day to which, of whom."""
    calls: Settled = []

    async def settle(_: Any, first: date, last: date, employee_id: int | None = None) -> None:
        calls.append((first, last, employee_id))

    monkeypatch.setattr(decisions, "settle", settle)
    monkeypatch.setattr(holidays, "settle", settle)
    return calls


async def test_leave_that_begins_or_ends_to_be(api: Api, january: Now, settled: Settled) -> None:
    days = (date(2025, 2, 3), date(2025, 2, 7), api.employee.employee_id)
    leave = await asked(api, "2025-02-03", "2025-02-07")
    assert settled == []
    await decide(api, leave)
    assert settled == [days]
    await cancel(api, leave)
    assert settled == [days, days]


async def test_not_what_nobody_was_given(api: Api, january: Now, settled: Settled) -> None:
    await decide(api, await asked(api, "2025-02-03"), "reject")
    await cancel(api, await asked(api, "2025-02-03"))
    assert settled == []


async def test_a_holiday_for_everybody(api: Api, january: Now, settled: Settled) -> None:
    first, second = date(2025, 2, 3), date(2025, 2, 4)
    made = await holiday(api, str(first))
    where = f"{HOLIDAYS}/{made['id']}"
    await api.put(where, {"name": "Another Name"}, as_="hr")
    assert settled == [(first, first, None)]
    await api.put(where, {"date": str(second)}, as_="hr")
    await api.delete(where, as_="hr")
    assert settled[1:] == [(day, day, None) for day in (first, second, second)]
