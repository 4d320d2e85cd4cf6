"""GET /api/meeting-rooms/:id/calendar and the feed it leads to, calendar.ics."""

from datetime import UTC, datetime
from typing import Any

import pytest
from icalendar import Calendar

from tests.api import Api
from tests.conftest import Now
from tests.factories import refused
from tests.meeting_rooms.factories import EXAMPLE, ROOMS, SCHEDULE, booked, room


@pytest.fixture(autouse=True)
def _today(now: Now) -> None:
    now.set(2024, 1, 14, 8)


async def feed(api: Api, id_: int, as_: str = "employee") -> str:
    """The path and query of the caller's feed of a room."""
    url: str = (await api.get(f"{ROOMS}/{id_}/calendar", as_=as_)).data["url"]
    base = api.app.settings.base_domain
    assert url.startswith(f"{base}{ROOMS}/{id_}/calendar.ics?token=")
    return url.removeprefix(base)


async def shown(api: Api, path: str) -> list[Any]:
    answer = await api.get(path)
    assert answer.status == 200, answer.body
    assert answer.headers["Content-Type"] == "text/calendar; charset=utf-8"
    return list(Calendar.from_ical(answer.body).walk("VEVENT"))


async def test_a_calendar_shows_the_meetings_of_a_room_without_a_header(api: Api) -> None:
    id_ = await room(api)
    path = await feed(api, id_)
    await booked(api, await room(api, name="Borealis"))
    made = await booked(api, id_, recurrence={"freq": "daily", "count": 2})
    gone = await booked(api, id_, startTime="11:00", endTime="12:00", title="Gone")
    await api.delete(f"{SCHEDULE}/{gone['id']}", as_="employee")
    first, second = await shown(api, path)
    assert (first["uid"], first["summary"]) == (f"meeting-{made['id']}@sunshine", "Team Standup")
    assert first["dtstart"].dt.astimezone(UTC) == datetime(2024, 1, 15, 9, tzinfo=UTC)
    assert second["dtend"].dt.astimezone(UTC) == datetime(2024, 1, 16, 10, tzinfo=UTC)
    raw = (await api.get(path)).body.decode()
    assert EXAMPLE["description"] not in raw


async def test_what_did_not_change_is_not_sent_again(api: Api) -> None:
    id_ = await room(api)
    await booked(api, id_)
    path = await feed(api, id_)
    etag = (await api.get(path)).headers["Etag"]
    assert (await api.get(path, headers={"If-None-Match": etag})).status == 304
    await booked(api, id_, date="2024-01-16")
    assert (await api.get(path, headers={"If-None-Match": etag})).status == 200


async def test_a_token_opens_its_own_room_and_nothing_else(api: Api) -> None:
    one, two = await room(api), await room(api, name="Borealis")
    token = (await feed(api, one)).partition("token=")[2]
    other = f"{ROOMS}/{two}/calendar.ics"
    for path in (f"{other}?token={token}", other, f"{other}?token=", f"{other}?token=rubbish"):
        await refused(api, await api.get(path), 401, "not_signed_in")
    await refused(api, await api.get(ROOMS, as_=token), 401, "not_signed_in")
    missing = f"{ROOMS}/{2**31 - 1}/calendar"
    await refused(api, await api.get(missing, as_="employee"), 404, "not_found")
    assert (await api.get(other, as_="employee")).status == 200


async def test_a_feed_ends_with_the_account(api: Api) -> None:
    path = await feed(api, await room(api))
    assert (await api.get(path)).status == 200
    await api.delete(f"/api/users/{api.employee.user_id}", as_="admin")
    assert (await api.get(path)).status == 401
