"""The documentation's own examples of meeting rooms; ids and people are of this test's company."""

from urllib.parse import quote

from tests.api import Api
from tests.conftest import Now
from tests.meeting_rooms.factories import EXAMPLE, ROOMS, SCHEDULE, book, booked, room

FACILITIES = ["projector", "whiteboard", "video_conference"]


async def test_list_meeting_rooms(api: Api) -> None:
    id_ = await room(api, capacity=12, floor=3, facilities=FACILITIES)
    for other in ({"capacity": 11}, {"floor": 4}, {"facilities": FACILITIES[1:]}):
        fields = {"capacity": 12, "floor": 3, "facilities": FACILITIES} | other
        await room(api, name=str(other), **fields)
    query = f"capacity=12&floor=3&facilities={quote(', '.join(FACILITIES))}"
    answer = await api.get(f"{ROOMS}?{query}", as_="employee")
    [row] = answer.data
    assert row.pop("createdAt") == row.pop("updatedAt")
    assert row == {
        "id": id_,
        "name": "Aurora",
        "capacity": 12,
        "floor": 3,
        "facilities": FACILITIES,
        "location": None,
        "opensAt": None,
        "closesAt": None,
        "active": True,
    }
    assert answer.json["pagination"] == {"page": 1, "perPage": 20, "total": 1, "totalPages": 1}


async def test_book_meeting_room(api: Api, now: Now) -> None:
    now.set(2024, 1, 14, 12)
    id_ = await room(api)
    attendees = [api.cast[name].employee_id for name in ("admin", "hr", "manager")]
    answer = await book(api, id_, attendees=attendees)
    assert answer.status == 201
    assert set(answer.json) == {"success", "data", "message"}
    assert answer.data == EXAMPLE | {
        "id": answer.data["id"],
        "roomId": id_,
        "room": "Aurora",
        "startsAt": "2024-01-15T09:00:00Z",
        "endsAt": "2024-01-15T10:00:00Z",
        "organizer": api.employee.employee_id,
        "organizerName": "Employee Person",
        "attendees": attendees,
        "seriesId": None,
        "status": "booked",
        "checkedInAt": None,
        "createdAt": "2024-01-14T12:00:00Z",
        "updatedAt": "2024-01-14T12:00:00Z",
        "warnings": [],
    }


async def test_check_room_availability(api: Api) -> None:
    id_ = await room(api)
    await booked(api, id_)
    answer = await api.get(f"{ROOMS}/{id_}/availability?date=2024-01-15", as_="employee")
    data = answer.data
    assert data.pop("room") == (await api.get(f"{ROOMS}/{id_}", as_="employee")).data
    assert data == {
        "date": "2024-01-15",
        "booked": [{"startTime": "09:00", "endTime": "10:00"}],
        "free": [
            {"startTime": "00:00", "endTime": "09:00"},
            {"startTime": "10:00", "endTime": "23:59"},
        ],
    }


async def test_cancel_booking(api: Api, now: Now) -> None:
    now.set(2024, 1, 14, 12)
    made = await booked(api, await room(api))
    answer = await api.delete(f"{SCHEDULE}/{made['id']}", as_="employee")
    assert (answer.status, answer.json["message"]) == (200, "Booking cancelled")
    del made["warnings"]
    assert answer.data == made | {"status": "cancelled", "cancelled": 1}
    assert await api.events() == ["meeting_room_booked", "meeting_room_cancelled"]
