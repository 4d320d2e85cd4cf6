"""A hundred at once: who comes first has the room, everybody else is told at once."""

import asyncio
import time
from collections import Counter
from typing import Any

import pytest

from tests.api import Answer, Api
from tests.meeting_rooms.factories import EXAMPLE, SCHEDULE, book, booked, overlaps, room

pytestmark = pytest.mark.usefixtures("no_deadlock")

CLIENTS = 100
PEOPLE = ("admin", "hr", "manager", "employee", "stranger")


async def race(api: Api, bodies: list[dict[str, Any]]) -> list[Answer]:
    """All of them at once; none waits longer than 3 seconds, none meets a deadlock."""
    await _warm(api)
    took: list[float] = []

    async def one(number: int, body: dict[str, Any]) -> Answer:
        began = time.perf_counter()
        name = PEOPLE[number % len(PEOPLE)]
        answer = await api.post(SCHEDULE, EXAMPLE | body, as_=name)
        took.append(time.perf_counter() - began)
        return answer

    answers = await asyncio.gather(*(one(*each) for each in enumerate(bodies)))
    assert {answer.status for answer in answers} <= {201, 409}
    # A deadlock would be 409 `busy`.
    assert {answer.code for answer in answers if answer.status == 409} <= {"room_taken"}
    assert max(took) < 3
    assert await overlaps(api) == []
    won = sum(answer.status == 201 for answer in answers)
    assert (await api.events()).count("meeting_room_booked") == won
    return answers


async def _warm(api: Api) -> None:
    """Statements compiled, people known: as on any server that runs."""
    id_ = await room(api, name="Elsewhere")
    for name in PEOPLE:
        await book(api, id_, name)
    await api.sql("DELETE FROM meeting_room_booking WHERE room_id = %(id)s", id=id_)
    await api.sql("DELETE FROM event")


def at(minute: int, length: int) -> dict[str, str]:
    """A time of day by its minute, so long."""
    end = minute + length
    return {
        "startTime": f"{minute // 60:02}:{minute % 60:02}",
        "endTime": f"{end // 60:02}:{end % 60:02}",
    }


async def test_one_slot_is_given_once(api: Api) -> None:
    id_ = await room(api)
    answers = await race(api, [{"roomId": id_}] * CLIENTS)
    assert Counter(answer.status for answer in answers) == {201: 1, 409: CLIENTS - 1}


async def test_of_partial_overlaps_a_set_without_any_remains(api: Api) -> None:
    id_ = await room(api)
    bodies = [{"roomId": id_, **at(480 + 7 * (n % 50), 30 + n % 3 * 15)} for n in range(CLIENTS)]
    answers = await race(api, bodies)
    rows = (await api.get(f"{SCHEDULE}?roomId={id_}&limit=100", as_="hr")).data
    assert len(rows) == sum(answer.status == 201 for answer in answers) > 5
    # Nobody was refused without need: each loser overlaps somebody who won.
    for body, answer in zip(bodies, answers, strict=True):
        if answer.status == 409:
            assert any(
                row["startTime"] < body["endTime"] and body["startTime"] < row["endTime"]
                for row in rows
            )


async def test_back_to_back_everybody_wins(api: Api) -> None:
    id_ = await room(api)
    answers = await race(api, [{"roomId": id_, **at(10 * n, 10)} for n in range(CLIENTS)])
    assert Counter(answer.status for answer in answers) == {201: CLIENTS}


async def test_a_cancelled_slot_is_given_once_again(api: Api, now) -> None:
    now.set(2024, 1, 15, 8)
    id_ = await room(api)
    for _ in range(3):
        made = await booked(api, id_)
        path = f"{SCHEDULE}/{made['id']}"
        gone, *answers = await asyncio.gather(
            api.delete(path, as_="employee"), *(book(api, id_, "stranger") for _ in range(30))
        )
        assert gone.status == 200
        assert {answer.status for answer in answers} <= {201, 409}
        assert sum(answer.status == 201 for answer in answers) <= 1
        live = (await api.get(SCHEDULE, as_="hr")).data
        assert len(live) == sum(answer.status == 201 for answer in answers)
        for row in live:
            assert (await api.delete(f"{SCHEDULE}/{row['id']}", as_="stranger")).status == 200
        answers = await asyncio.gather(*(book(api, id_, "stranger") for _ in range(30)))
        assert Counter(answer.status for answer in answers) == {201: 1, 409: 29}
        [row] = (await api.get(SCHEDULE, as_="hr")).data
        await api.delete(f"{SCHEDULE}/{row['id']}", as_="stranger")
    assert await overlaps(api) == []


async def test_series_moves_and_bookings_race_without_a_deadlock(api: Api, now) -> None:
    now.set(2024, 1, 15, 8)
    rooms = [await room(api, name=name) for name in ("Aurora", "Borealis")]
    mine = [await booked(api, id_, date="2024-01-20") for id_ in rooms]

    async def one(number: int) -> Answer:
        here, there = rooms if number % 2 else rooms[::-1]
        if number % 4 == 0:
            path = f"{SCHEDULE}/{mine[number % 2]['id']}"
            return await api.put(path, {"roomId": there, "date": "2024-01-19"}, as_="employee")
        if number % 4 == 1:
            series = {"freq": "daily", "count": 10}
            return await book(api, here, "hr", recurrence=series)
        return await book(api, here, "stranger", date=f"2024-01-{15 + number % 10}")

    answers = await asyncio.gather(*(one(number) for number in range(CLIENTS)))
    assert {answer.status for answer in answers} <= {200, 201, 409}
    assert await overlaps(api) == []
