"""Many at once, over HTTP on real connections: one comes in, one goes out, nobody waits long."""

import asyncio
import time
from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

import pytest

from sunshine.core.principals import System
from sunshine.modules.attendance.assessment import reassess
from sunshine.modules.attendance.corrections import correct
from sunshine.modules.employees import locking
from tests.api import Answer, Api
from tests.attendance.factories import (
    IN,
    LIST,
    OFFICE,
    OUT,
    approve_permit,
    come,
    give_shift,
    make_place,
    records,
)
from tests.factories import hire

AT_ONCE = 50
ROUNDS = 4
SECONDS = 3
Call = tuple[str, dict[str, Any]]


async def race(api: Api, second: Api, calls: Iterable[Call]) -> list[Answer]:
    """All of them at once, half through another process; none may take long."""
    took: list[float] = []

    async def call(number: int, path: str, body: dict[str, Any]) -> Answer:
        begun = time.monotonic()
        answer = await (api, second)[number % 2].post(path, body, as_="hr")
        took.append(time.monotonic() - begun)
        return answer

    answers = await asyncio.gather(*(call(n, *each) for n, each in enumerate(calls)))
    assert max(took) < SECONDS
    return list(answers)


def statuses(answers: Iterable[Answer]) -> dict[int, int]:
    found = [answer.status for answer in answers]
    return {status: found.count(status) for status in sorted(set(found))}


@pytest.mark.parametrize("kind", ["the same", "other instants", "other places"])
async def test_of_fifty_one_comes_in(api: Api, second: Api, kind: str) -> None:
    now = api.app.application.clock()
    more: list[dict[str, Any]] = [{}] * AT_ONCE
    if kind == "other instants":
        more = [{"timestamp": (now - timedelta(seconds=n)).isoformat()} for n in range(AT_ONCE)]
    if kind == "other places":
        more = [{"location": {"latitude": n, "longitude": 0}} for n in range(AT_ONCE)]
    for round_ in range(ROUNDS):
        who = (await hire(api))["id"]
        answers = await race(api, second, [(IN, {"employeeId": who, **each}) for each in more])
        assert statuses(answers) == {201: 1, 409: AT_ONCE - 1}, round_
        [made] = [answer.data for answer in answers if answer.status == 201]
        for answer in answers:
            if answer.status == 409:
                assert (answer.code, answer.json["data"]) == ("already_checked_in", made)
        rows = await records(api, f"employee_id = {who}")
        assert [(row["id"], row["check_out_at"]) for row in rows] == [(made["id"], None)]
        events = await api.sql(
            "SELECT type FROM event WHERE entity = 'attendance' AND entity_id = %(id)s",
            id=made["id"],
        )
        assert events == [{"type": "attendance_checked_in"}]


async def test_of_fifty_exact_repeats_all_get_the_one_record(api: Api, second: Api) -> None:
    for _ in range(ROUNDS):
        who = (await hire(api))["id"]
        body = {"employeeId": who, "timestamp": "2024-01-15T08:00:00Z"}
        answers = await race(api, second, [(IN, body)] * AT_ONCE)
        assert statuses(answers) == {200: AT_ONCE - 1, 201: 1}
        assert len({answer.data["id"] for answer in answers}) == 1
        assert len(await records(api, f"employee_id = {who}")) == 1


async def test_of_fifty_one_goes_out(api: Api, second: Api) -> None:
    for _ in range(ROUNDS):
        who = (await hire(api))["id"]
        await come(api, "hr", employeeId=who, timestamp="2024-01-15T08:00:00Z")
        times = [f"2024-01-15T17:00:{n:02}Z" for n in range(AT_ONCE)]
        calls = [(OUT, {"employeeId": who, "timestamp": each}) for each in times]
        answers = await race(api, second, calls)
        assert statuses(answers) == {200: 1, 409: AT_ONCE - 1}
        assert {answer.code for answer in answers if answer.status == 409} == {"not_checked_in"}
        [left] = [answer.data for answer in answers if answer.status == 200]
        [row] = await records(api, f"employee_id = {who}")
        assert row["check_out_at"].isoformat() == left["checkOut"].replace("Z", "+00:00")


async def test_coming_and_going_at_once_ends_in_turns(api: Api, second: Api) -> None:
    """Whatever wins when: each change that was answered is stored, with its event."""
    who = (await hire(api))["id"]
    calls = [(IN if number % 3 else OUT, {"employeeId": who}) for number in range(AT_ONCE)]
    answers = await race(api, second, calls)
    assert statuses(answers).keys() <= {200, 201, 400, 409}
    came = sum(answer.status == 201 for answer in answers)
    left = sum(answer.status == 200 for answer in answers)
    rows = await records(api, f"employee_id = {who}")
    assert (len(rows), sum(row["check_out_at"] is not None for row in rows)) == (came, left)
    events = await api.events()
    assert events.count("attendance_checked_in") == came
    assert events.count("attendance_checked_out") == left


async def test_what_is_decided_meanwhile_is_not_missed(api: Api) -> None:
    """A check-in that waited for a decision on a permit knows of it."""
    await give_shift(api)
    who = api.employee.employee_id
    assert who
    body = {"employeeId": who, "timestamp": "2024-01-15T10:00:00Z"}
    day = date(2024, 1, 15)
    async with api.app.databases.sunshine.transaction(System()) as tx:
        await locking.lock(tx, [who])
        coming = asyncio.create_task(api.post(IN, body, as_="hr"))
        await api.somebody_waits()
        await approve_permit(api, "2024-01-15", "09:00", "10:00")
        await reassess(tx, who, day, day)
    assert (await coming).data["late"] is False


async def test_a_correction_that_waited_uses_the_location_that_is_left(api: Api) -> None:
    """The one before made an absence of the record: its location's timezone counts no more."""
    await make_place(api, timezone="Pacific/Auckland")
    who = api.employee.employee_id
    assert who
    body = {"employeeId": who, "timestamp": "2024-01-15T08:00:00Z", "location": OFFICE}
    made = (await api.post(IN, body, as_="hr")).data
    assert made["locationId"]
    async with api.app.databases.sunshine.transaction(System()) as tx:
        await locking.lock(tx, [who])
        times = {"checkIn": "2024-01-15T20:00:00Z"}  # the 16th in Auckland
        second = asyncio.create_task(api.put(f"{LIST}/{made['id']}", times, as_="hr"))
        await api.somebody_waits()
        await correct(tx, made["id"], {"status": "absent"})
    assert (await second).data["workDate"] == "2024-01-15"
    [row] = await records(api, f"employee_id = {who}")
    assert (row["status"], row["work_date"]) == ("present", date(2024, 1, 15))
