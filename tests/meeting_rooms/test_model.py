"""A hundred changes by chance, each answered as a list of intervals would answer it."""

import random
from typing import Any

import pytest

from tests.api import Api
from tests.conftest import Now
from tests.meeting_rooms.factories import ROOMS, SCHEDULE, book, overlaps, room

DAYS = ("2024-01-15", "2024-01-16")
OPENS, CLOSES = 8 * 60, 18 * 60

# room, day, start and end in minutes
Booking = tuple[int, str, int, int]


def clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"


def body(booking: Booking) -> dict[str, Any]:
    id_, day, start, end = booking
    return {"roomId": id_, "date": day, "startTime": clock(start), "endTime": clock(end)}


def collide(one: Booking, other: Booking) -> bool:
    return one[:2] == other[:2] and one[2] < other[3] and other[2] < one[3]


@pytest.mark.parametrize("seed", range(3))
async def test_every_answer_is_that_of_a_list_of_intervals(api: Api, now: Now, seed: int) -> None:
    now.set(2024, 1, 15, 7)
    chance = random.Random(seed)
    hours = {"opensAt": clock(OPENS), "closesAt": clock(CLOSES)}
    rooms = [await room(api, name=name, **hours) for name in ("Aurora", "Borealis")]
    known: dict[int, Booking] = {}
    for _ in range(100):
        start = chance.randrange(OPENS, CLOSES - 10, 10)
        end = chance.randrange(start + 10, min(start + 200, CLOSES) + 1, 10)
        wanted = (chance.choice(rooms), chance.choice(DAYS), start, end)
        what = chance.choice(("book", "book", "move", "cancel"))
        if what == "book" or not known:
            answer = await book(api, wanted[0], **body(wanted))
            free = not any(collide(wanted, other) for other in known.values())
            assert answer.status == (201 if free else 409)
            if free:
                known[answer.data["id"]] = wanted
        elif what == "move":
            id_ = chance.choice(list(known))
            answer = await api.put(f"{SCHEDULE}/{id_}", body(wanted), as_="employee")
            others = [other for key, other in known.items() if key != id_]
            free = not any(collide(wanted, other) for other in others)
            assert answer.status == (200 if free else 409)
            if free:
                known[id_] = wanted
        else:
            id_ = chance.choice(list(known))
            assert (await api.delete(f"{SCHEDULE}/{id_}", as_="employee")).status == 200
            del known[id_]
    assert await overlaps(api) == []
    for id_ in rooms:
        for day in DAYS:
            await agrees(api, id_, day, [b for b in known.values() if b[:2] == (id_, day)])


async def agrees(api: Api, id_: int, day: str, bookings: list[Booking]) -> None:
    """Availability is what the bookings leave, to the minute."""
    shown = (await api.get(f"{ROOMS}/{id_}/availability?date={day}", as_="hr")).data
    taken = sorted((clock(start), clock(end)) for _, _, start, end in bookings)
    assert [(each["startTime"], each["endTime"]) for each in shown["booked"]] == taken
    minutes = [clock(minute) for minute in range(OPENS, CLOSES)]
    for minute in minutes:
        is_free = any(f["startTime"] <= minute < f["endTime"] for f in shown["free"])
        assert is_free != any(start <= minute < end for start, end in taken)
