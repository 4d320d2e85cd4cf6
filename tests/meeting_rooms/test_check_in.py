"""POST /api/meeting-rooms/schedule/:id/check-in, and rooms given free that nobody came to."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from tornado.ioloop import IOLoop

from sunshine.core.settings import Settings
from tests.api import Api
from tests.conftest import Now, serve
from tests.factories import refused
from tests.meeting_rooms.factories import SCHEDULE, book, booked, room


@pytest.fixture
def strict(settings: Settings, io_loop: IOLoop, _now: Now, api: Api) -> Iterator[Api]:
    """A server with ROOM_NO_SHOW_MINUTES=10, on the same databases."""
    policy = replace(settings.policy, room_no_show=timedelta(minutes=10))
    for server in serve(replace(settings, policy=policy), io_loop, _now):
        server.cast = api.cast
        yield server


async def released(api: Api) -> int:
    return int((await api.app.jobs.run("room-no-shows"))["released"])


async def test_whoever_is_there_checks_in_once(api: Api, now: Now) -> None:
    now.set(2024, 1, 15, 8)
    made = await booked(api, await room(api), attendees=[api.manager.employee_id])
    await api.sql("DELETE FROM event")
    path = f"{SCHEDULE}/{made['id']}/check-in"
    for name, code in (
        ("hr", "not_allowed"),
        ("stranger", "not_allowed"),
        ("outsider", "no_employee"),
    ):
        await refused(api, await api.post(path, as_=name), 403, code)
    now.set(2024, 1, 15, 8, 44)
    await refused(api, await api.post(path, as_="manager"), 409, "too_early")
    now.set(2024, 1, 15, 8, 45)
    answers = await asyncio.gather(*(api.post(path, as_="manager") for _ in range(5)))
    assert {(a.status, a.data["checkedInAt"]) for a in answers} == {(201, "2024-01-15T08:45:00Z")}
    now.set(2024, 1, 15, 9)
    assert (await api.post(path, as_="employee")).data["checkedInAt"] == "2024-01-15T08:45:00Z"
    assert await api.events() == ["meeting_room_checked_in"]


async def test_nobody_checks_in_to_what_is_over_or_cancelled(api: Api, now: Now) -> None:
    now.set(2024, 1, 15, 8)
    id_ = await room(api)
    over = await booked(api, id_)
    gone = await booked(api, id_, startTime="10:00", endTime="11:00")
    await api.delete(f"{SCHEDULE}/{gone['id']}", as_="employee")
    await api.sql("DELETE FROM event")
    now.set(2024, 1, 15, 10)
    for made, code in ((over, "booking_past"), (gone, "booking_cancelled")):
        path = f"{SCHEDULE}/{made['id']}/check-in"
        await refused(api, await api.post(path, as_="employee"), 409, code)
    missing = f"{SCHEDULE}/{2**31 - 1}/check-in"
    await refused(api, await api.post(missing, as_="employee"), 403, "not_allowed")
    await refused(api, await api.post(missing, as_="admin"), 404, "not_found")


async def test_a_room_that_nobody_came_to_is_given_free(strict: Api, now: Now) -> None:
    now.set(2024, 1, 15, 8)
    id_ = await room(strict)
    absent = await booked(strict, id_)
    there = await booked(strict, await room(strict, name="Borealis"))
    now.set(2024, 1, 15, 9)
    assert (await strict.post(f"{SCHEDULE}/{there['id']}/check-in", as_="employee")).status == 201
    await strict.sql("DELETE FROM event")
    now.set(2024, 1, 15, 9, 10)
    assert await released(strict) == 0
    now.set(2024, 1, 15, 9, 11)
    # Whoever walks in and books is there, although that began some time ago.
    walked_in = await booked(strict, await room(strict, name="Third"))
    assert await released(strict) == 1
    assert await released(strict) == 0
    for made, status in ((absent, "released"), (there, "booked"), (walked_in, "booked")):
        shown = (await strict.get(f"{SCHEDULE}/{made['id']}", as_="hr")).data
        assert shown["status"] == status
    assert (await strict.events())[-1:] == ["meeting_room_released"]
    path = f"{SCHEDULE}/{absent['id']}"
    assert (await strict.post(f"{path}/check-in", as_="employee")).code == "booking_released"
    assert (await strict.delete(path, as_="employee")).code == "booking_released"
    assert (await book(strict, id_, "stranger")).status == 201


async def test_who_moves_a_meeting_has_to_check_in_again(api: Api, now: Now) -> None:
    now.set(2024, 1, 15, 9)
    made = await booked(api, await room(api))
    path = f"{SCHEDULE}/{made['id']}"
    await api.post(f"{path}/check-in", as_="employee")
    kept = (await api.put(path, {"endTime": "11:00"}, as_="employee")).data
    assert kept["checkedInAt"] == "2024-01-15T09:00:00Z"
    moved = (await api.put(path, {"startTime": "10:30"}, as_="employee")).data
    assert moved["checkedInAt"] is None


async def test_nothing_is_released_unless_the_company_wants_it(api: Api, now: Now) -> None:
    now.set(2024, 1, 15, 9, 59)
    await booked(api, await room(api))
    await api.sql("UPDATE meeting_room_booking SET updated_at = '2024-01-01'")
    assert await released(api) == 0


async def test_what_is_over_is_not_released(strict: Api, now: Now) -> None:
    now.set(2024, 1, 15, 8)
    await booked(strict, await room(strict))
    now.set(2024, 1, 15, 10)
    assert await released(strict) == 0
