"""What the tests of meeting rooms share: rooms, bookings, what is stored of them."""

from typing import Any

from tests.api import Answer, Api

ROOMS = "/api/meeting-rooms"
SCHEDULE = f"{ROOMS}/schedule"
# The documentation's own example; the room and the people must exist.
EXAMPLE = {
    "title": "Team Standup",
    "date": "2024-01-15",
    "startTime": "09:00",
    "endTime": "10:00",
    "description": "Daily team standup meeting",
}
_OVERLAPS = """
SELECT 1 FROM meeting_room_booking a JOIN meeting_room_booking b ON a.room_id = b.room_id
    AND a.id < b.id AND a.starts_at < b.ends_at AND b.starts_at < a.ends_at
WHERE a.status = 'booked' AND b.status = 'booked'
"""


async def room(api: Api, **fields: Any) -> int:
    """The id of a new room, whose making is forgotten."""
    body = {"name": "Aurora", "capacity": 10, "floor": 2, "facilities": ["projector"]} | fields
    made = (await api.post(ROOMS, body, as_="admin")).data
    await api.sql("DELETE FROM event")
    return int(made["id"])


async def book(api: Api, room_id: int, as_: str = "employee", **fields: Any) -> Answer:
    """What the server says to a booking."""
    return await api.post(SCHEDULE, {**EXAMPLE, "roomId": room_id, **fields}, as_=as_)


async def booked(api: Api, room_id: int, as_: str = "employee", **fields: Any) -> dict[str, Any]:
    """A booking."""
    made: dict[str, Any] = (await book(api, room_id, as_, **fields)).data
    return made


async def overlaps(api: Api) -> list[Any]:
    """Bookings of one room at one time: there must be none."""
    return await api.sql(_OVERLAPS)
