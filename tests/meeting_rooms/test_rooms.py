"""/api/meeting-rooms: rooms, their search, their availability."""

import itertools
from datetime import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sunshine.modules.meeting_rooms.availability import Slot, gaps
from tests.api import Api
from tests.factories import found, refused
from tests.meeting_rooms.factories import EXAMPLE, ROOMS, SCHEDULE, booked, room


async def test_a_room_is_made_changed_and_deleted(api: Api) -> None:
    body = {
        "name": "Aurora", "capacity": 10, "floor": 2, "facilities": ["projector", "whiteboard"],
        "location": "East wing", "opensAt": "08:00", "closesAt": "18:00",
    }  # fmt: skip
    made = await api.post(ROOMS, body, as_="admin")
    assert made.status == 201
    assert made.data.items() >= {**body, "active": True}.items()
    path = f"{ROOMS}/{made.data['id']}"
    changed = (await api.put(path, {"capacity": 12, "opensAt": None}, as_="admin")).data
    assert (changed["capacity"], changed["opensAt"], changed["closesAt"]) == (12, None, "18:00")
    assert (await api.delete(path, as_="admin")).status == 200
    assert (await api.get(path, as_="employee")).status == 404
    assert await api.events() == [f"meeting_room_{what}" for what in
                                  ("created", "updated", "deleted")]  # fmt: skip


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"capacity": 0}, "capacity"),
        ({"opensAt": "18:00", "closesAt": "18:00"}, "closesAt"),
        ({"opensAt": "18:00", "closesAt": "08:00"}, "closesAt"),
        ({"facilities": ["tv, projector"]}, "facilities.0"),
        ({"facilities": [" "]}, "facilities.0"),
        ({"facilities": ["tv", "tv"]}, "facilities"),
        ({"name": ""}, "name"),
    ],
)
async def test_it_refuses_what_is_no_room(api: Api, fields: dict[str, Any], field: str) -> None:
    answer = await api.post(ROOMS, {"name": "Aurora", "capacity": 10} | fields, as_="admin")
    assert (answer.status, answer.fields) == (400, {field})
    assert await api.events() == []


async def test_a_name_is_taken_once(api: Api) -> None:
    await room(api)
    again = await api.post(ROOMS, {"name": "AURORA", "capacity": 1}, as_="admin")
    await refused(api, again, 409, "meeting_room_name_taken")


async def test_only_managers_of_rooms_change_them(api: Api) -> None:
    id_ = await room(api)
    for name in ("employee", "manager", "hr"):
        await refused(
            api, await api.put(f"{ROOMS}/{id_}", {"capacity": 1}, as_=name), 403, "not_allowed"
        )
        assert [row["id"] for row in await found(api, ROOMS, as_=name)] == [id_]


async def test_rooms_are_searched(api: Api) -> None:
    await room(api, name="Small", capacity=4, floor=1, facilities=["Whiteboard"])
    await room(api, name="Big", capacity=20, floor=2,
               facilities=["projector", "whiteboard", "video_conference"])  # fmt: skip
    await room(api, name="Old", capacity=20, floor=2, facilities=[], active=False)
    for query, names in [
        ("capacity=4", {"Small", "Big", "Old"}),
        ("capacity=5", {"Big", "Old"}),
        ("capacity=21", set()),
        ("floor=1", {"Small"}),
        ("facilities=whiteboard", {"Small", "Big"}),
        ("facilities=projector,%20WHITEBOARD", {"Big"}),
        ("facilities=projector,whiteboard,video_conference", {"Big"}),
        ("facilities=projector,sofa", set()),
        ("facilities=white", set()),
        ("facilities=", {"Small", "Big", "Old"}),
        ("active=true", {"Small", "Big"}),
        ("active=false&capacity=10", {"Old"}),
        ("search=bi", {"Big"}),
    ]:
        rows = await found(api, f"{ROOMS}?{query}", as_="employee")
        assert {row["name"] for row in rows} == names, query
    assert (await api.get(f"{ROOMS}?capacity=many", as_="employee")).fields == {"capacity"}


async def test_availability_shows_when_and_nobody_what(api: Api) -> None:
    id_ = await room(api, opensAt="08:00", closesAt="18:00")
    path = f"{ROOMS}/{id_}/availability"
    await booked(api, id_)
    await booked(api, id_, startTime="10:00", endTime="10:30")
    await booked(api, id_, startTime="17:00", endTime="18:00")
    await booked(api, id_, date="2024-01-16")
    shown = (await api.get(f"{path}?date=2024-01-15", as_="stranger")).data
    assert (shown["date"], shown["room"]["id"]) == ("2024-01-15", id_)
    assert shown["booked"] == [
        {"startTime": "09:00", "endTime": "10:00"},
        {"startTime": "10:00", "endTime": "10:30"},
        {"startTime": "17:00", "endTime": "18:00"},
    ]
    assert shown["free"] == [
        {"startTime": "08:00", "endTime": "09:00"},
        {"startTime": "10:30", "endTime": "17:00"},
    ]
    assert EXAMPLE["title"] not in str(shown)


async def test_availability_is_of_today_and_forgets_what_is_cancelled(api: Api, now) -> None:
    now.set(2024, 1, 15, 8)
    id_ = await room(api)
    made = await booked(api, id_)
    path = f"{ROOMS}/{id_}/availability"
    assert len((await api.get(path, as_="employee")).data["booked"]) == 1
    await api.delete(f"{SCHEDULE}/{made['id']}", as_="employee")
    whole = {"startTime": "00:00", "endTime": "23:59"}
    shown = (await api.get(path, as_="employee")).data
    assert (shown["booked"], shown["free"]) == ([], [whole])
    # What is shown as free can be booked as it is.
    assert (await booked(api, id_, **whole))["status"] == "booked"
    await api.put(f"{ROOMS}/{id_}", {"active": False}, as_="admin")
    assert (await api.get(path, as_="employee")).data["free"] == []
    assert (await api.get(f"{path}?date=2024-1-5", as_="employee")).fields == {"date"}
    assert (await api.get(f"{path}?date=9999-12-31", as_="employee")).fields == {"date"}
    assert (await api.get(f"{ROOMS}/{2**31 - 1}/availability", as_="employee")).status == 404


_minutes = st.integers(0, 100)


@given(st.lists(st.tuples(_minutes, _minutes)), _minutes, _minutes)
def test_gaps_are_all_that_is_left(pairs: list[tuple[int, int]], opens: int, closes: int) -> None:
    """Minute by minute: free is what is open and not taken, in as few pieces as can be."""
    taken = sorted((a, b) for a, b in pairs if a < b)
    slots = [Slot(*map(_at, pair)) for pair in taken]
    pieces = list(gaps(slots, Slot(_at(opens), _at(closes))))
    free = {m for m in range(opens, closes) if not any(a <= m < b for a, b in taken)}
    shown = [(_minute(piece.start), _minute(piece.end)) for piece in pieces]
    assert {m for a, b in shown for m in range(a, b)} == free
    assert all(a < b for a, b in shown)
    assert all(b < c for (_, b), (c, _) in itertools.pairwise(shown))


def _at(minute: int) -> Any:
    return time(minute // 60, minute % 60)  # all that is asked of an instant is its order


def _minute(at: Any) -> int:
    return int(at.hour * 60 + at.minute)
