"""Booking, moving and cancelling: /api/meeting-rooms/schedule."""

from typing import Any

import pytest

from tests.api import Api
from tests.factories import hire, refused
from tests.meeting_rooms.factories import EXAMPLE, ROOMS, SCHEDULE, book, booked, overlaps, room


async def test_the_documented_example_books(api: Api) -> None:
    ids = [(await hire(api))["id"] for _ in range(3)]
    id_ = await room(api)
    answer = await book(api, id_, attendees=ids)
    assert answer.status == 201
    made = answer.data
    assert made.items() >= EXAMPLE.items()
    assert (made["roomId"], made["room"], made["attendees"]) == (id_, "Aurora", ids)
    assert (made["organizer"], made["status"]) == (api.employee.employee_id, "booked")
    assert (made["startsAt"], made["endsAt"]) == ("2024-01-15T09:00:00Z", "2024-01-15T10:00:00Z")
    assert made["warnings"] == []
    assert await api.events() == ["meeting_room_booked"]
    shown = (await api.get(f"{SCHEDULE}/{made['id']}", as_="employee")).data
    assert shown == {name: value for name, value in made.items() if name != "warnings"}


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"endTime": "09:00"}, "endTime"),
        ({"endTime": "08:00"}, "endTime"),
        ({"startTime": "07:30"}, "startTime"),
        ({"endTime": "18:01"}, "endTime"),
        ({"roomId": 2**31 - 1}, "roomId"),
        ({"attendees": [2**31 - 1]}, "attendees"),
        ({"date": "0001-01-01"}, "date"),
        ({"date": "9999-12-31"}, "date"),
        ({"title": " "}, "title"),
        ({"organizer": 1}, "organizer"),
        ({"status": "cancelled"}, "status"),
    ],
)
async def test_it_refuses_what_cannot_be(api: Api, change: dict[str, Any], field: str) -> None:
    id_ = await room(api, opensAt="08:00", closesAt="18:00")
    answer = await book(api, id_, **change)
    assert (answer.status, answer.fields) == (400, {field}), answer.body
    assert await api.events() == []


async def test_people_must_fit_the_organizer_counted_once(api: Api) -> None:
    id_ = await room(api, capacity=2)
    me, you, they = (api.cast[n].employee_id for n in ("employee", "manager", "hr"))
    too_many = await book(api, id_, attendees=[you, they])
    assert (too_many.status, too_many.fields) == (400, {"attendees"})
    twice = await book(api, id_, attendees=[you, you])
    assert (twice.status, twice.fields) == (400, {"attendees"})
    assert await api.events() == []
    assert (await book(api, id_, attendees=[me, you])).status == 201


async def test_only_those_who_work_here_attend_and_only_employees_book(api: Api) -> None:
    id_ = await room(api)
    gone = api.cast["stranger"].employee_id
    await api.sql("UPDATE employee SET status = 'inactive' WHERE id = %(id)s", id=gone)
    assert (await book(api, id_, attendees=[gone])).fields == {"attendees"}
    await refused(api, await book(api, id_, as_="outsider"), 403, "no_employee")


async def test_a_room_out_of_use_is_not_booked(api: Api) -> None:
    id_ = await room(api, active=False)
    await refused(api, await book(api, id_), 409, "room_inactive")


async def test_meetings_may_touch_and_never_overlap(api: Api) -> None:
    id_ = await room(api)
    other = await room(api, name="Borealis")
    await booked(api, id_)
    for start, end in [("09:00", "10:00"), ("08:30", "09:01"), ("09:59", "11:00"),
                       ("09:15", "09:45"), ("08:00", "12:00")]:  # fmt: skip
        answer = await book(api, id_, "stranger", startTime=start, endTime=end)
        assert (answer.status, answer.code) == (409, "room_taken"), (start, end)
    assert await api.events() == ["meeting_room_booked"]
    for where, start, end in [(id_, "10:00", "11:00"), (id_, "08:00", "09:00"),
                              (other, "09:00", "10:00")]:  # fmt: skip
        assert (await book(api, where, "stranger", startTime=start, endTime=end)).status == 201
    assert await overlaps(api) == []


async def test_a_refusal_suggests_rooms_that_fit_and_the_next_time(api: Api) -> None:
    id_ = await room(api, facilities=["Projector"], opensAt="08:00", closesAt="18:00")
    fits = await room(api, name="Fits", capacity=4, facilities=["projector", "whiteboard"])
    await room(api, name="Too small", capacity=1)
    await room(api, name="Without", facilities=["whiteboard"])
    await room(api, name="Closed then", opensAt="09:31", closesAt="18:00")
    await room(api, name="Out of use", active=False)
    busy = await room(api, name="Busy")
    await booked(api, busy, startTime="09:30", endTime="09:45")
    await booked(api, id_, startTime="09:00", endTime="10:00")
    await booked(api, id_, startTime="10:30", endTime="17:30")
    you = api.manager.employee_id
    answer = await book(api, id_, "stranger", startTime="09:30", endTime="10:30", attendees=[you])
    said = answer.json["data"]
    assert said["conflicts"] == [{"date": "2024-01-15", "startTime": "09:00", "endTime": "10:00"}]
    assert [row["id"] for row in said["suggestions"]["rooms"]] == [fits]
    # 10:00 to 10:30 and 17:30 to 18:00 are too short.
    following = {"date": "2024-01-16", "startTime": "08:00", "endTime": "09:00"}
    assert said["suggestions"]["nextFree"] == following
    short = await book(api, id_, "stranger", startTime="09:30", endTime="10:00")
    half = {"date": "2024-01-15", "startTime": "10:00", "endTime": "10:30"}
    assert short.json["data"]["suggestions"]["nextFree"] == half
    assert (await book(api, id_, "stranger", **half)).status == 201


async def test_who_is_elsewhere_is_a_warning(api: Api) -> None:
    here, there = await room(api), await room(api, name="Borealis")
    me, you, they = (api.cast[n].employee_id for n in ("employee", "manager", "hr"))
    await booked(api, there, "hr", title="Salaries", startTime="08:30", endTime="09:30")
    for whose, status in ((you, "approved"), (me, "pending")):
        await api.sql(
            "INSERT INTO leave (employee_id, leave_type, start_date, end_date, status, deadline)"
            " VALUES (%(id)s, 'annual', '2024-01-10', '2024-01-15', %(status)s, '2024-01-15')",
            id=whose,
            status=status,
        )
    made = await booked(api, here, attendees=[you, they])
    day = "2024-01-15"
    assert sorted(made["warnings"], key=lambda warning: warning["type"]) == [
        {"employeeId": you, "name": "Manager Person", "type": "leave", "date": day},
        {"employeeId": they, "name": "Hr Person", "type": "meeting", "title": "Salaries",
         "date": day},
    ]  # fmt: skip
    path = f"{SCHEDULE}/{made['id']}"
    moved = await api.put(path, {"date": "2024-01-16"}, as_="admin")
    assert (moved.status, moved.code) == (409, "booking_past")


async def test_a_room_is_given_free_at_cancelling_and_the_row_stays(api: Api, now) -> None:
    now.set(2024, 1, 15, 8)
    id_ = await room(api)
    made = await booked(api, id_)
    path = f"{SCHEDULE}/{made['id']}"
    gone = await api.delete(path, as_="employee")
    assert (gone.status, gone.data["status"]) == (200, "cancelled")
    assert (await api.get(path, as_="stranger")).data["status"] == "cancelled"
    assert (await api.get(SCHEDULE, as_="stranger")).data == []
    assert len((await api.get(f"{SCHEDULE}?status=any", as_="stranger")).data) == 1
    again = await api.delete(path, as_="employee")
    assert (again.status, again.code) == (409, "booking_cancelled")
    assert (await api.put(path, {"title": "New"}, as_="employee")).code == "booking_cancelled"
    assert await api.events() == ["meeting_room_booked", "meeting_room_cancelled"]
    assert (await book(api, id_, "stranger")).status == 201


async def test_only_the_organizer_and_managers_of_rooms_change_a_booking(api: Api, now) -> None:
    now.set(2024, 1, 15, 8)
    made = await booked(api, await room(api), attendees=[api.manager.employee_id])
    await api.sql("DELETE FROM event")
    path = f"{SCHEDULE}/{made['id']}"
    for name in ("manager", "hr", "stranger", "outsider"):
        await refused(api, await api.delete(path, as_=name), 403, "not_allowed")
        await refused(api, await api.put(path, {"title": "Mine"}, as_=name), 403, "not_allowed")
    missing = f"{SCHEDULE}/{2**31 - 1}"
    await refused(api, await api.delete(missing, as_="employee"), 403, "not_allowed")
    await refused(api, await api.delete(missing, as_="admin"), 404, "not_found")
    assert (await api.put(path, {"title": "Ours"}, as_="admin")).data["title"] == "Ours"
    assert (await api.delete(path, as_="admin")).status == 200


async def test_what_is_over_stays(api: Api, now) -> None:
    now.set(2024, 1, 15, 9, 59)
    id_ = await room(api)
    made = await booked(api, id_)
    path = f"{SCHEDULE}/{made['id']}"
    assert (await api.put(path, {"title": "Still on"}, as_="employee")).status == 200
    await api.sql("DELETE FROM event")
    now.set(2024, 1, 15, 10)
    await refused(api, await api.put(path, {"title": "Over"}, as_="employee"), 409, "booking_past")
    await refused(api, await api.delete(path, as_="employee"), 409, "booking_past")


async def test_a_booking_moves_in_time_and_to_another_room(api: Api, now) -> None:
    now.set(2024, 1, 15, 8)
    here, there = await room(api), await room(api, name="Borealis", capacity=1)
    first = await booked(api, here)
    second = await booked(api, here, "stranger", startTime="10:00", endTime="11:00")
    path = f"{SCHEDULE}/{first['id']}"
    onto = await api.put(path, {"startTime": "09:30", "endTime": "10:30"}, as_="employee")
    assert (onto.status, onto.code) == (409, "room_taken")
    longer = (await api.put(path, {"startTime": "08:30"}, as_="employee")).data
    assert (longer["startTime"], longer["startsAt"]) == ("08:30", "2024-01-15T08:30:00Z")
    assert longer["warnings"] == []
    moved = (await api.put(path, {"roomId": there, "endTime": "11:00"}, as_="employee")).data
    assert (moved["roomId"], moved["room"], moved["endTime"]) == (there, "Borealis", "11:00")
    full = await api.put(path, {"attendees": [api.hr.employee_id]}, as_="employee")
    assert (full.status, full.fields) == (400, {"attendees"})
    back = await api.put(f"{SCHEDULE}/{second['id']}", {"startTime": "09:00"}, as_="stranger")
    assert back.status == 200
    assert await overlaps(api) == []
    changes = ["meeting_room_booking_changed"] * 3
    assert await api.events() == ["meeting_room_booked"] * 2 + changes


async def test_a_change_that_changes_nothing_is_no_event(api: Api, now) -> None:
    now.set(2024, 1, 15, 8)
    made = await booked(api, await room(api))
    await api.put(f"{SCHEDULE}/{made['id']}", {"title": EXAMPLE["title"]}, as_="employee")
    assert await api.events() == ["meeting_room_booked"]


async def test_what_a_meeting_is_about_is_for_those_who_are_there(api: Api) -> None:
    made = await booked(api, await room(api), attendees=[api.manager.employee_id])
    for name, sees in [("employee", True), ("manager", True), ("admin", True), ("hr", False),
                       ("stranger", False), ("outsider", False)]:  # fmt: skip
        one = (await api.get(f"{SCHEDULE}/{made['id']}", as_=name)).data
        [listed] = (await api.get(SCHEDULE, as_=name)).data
        assert one == listed
        assert one["title"] == "Team Standup"
        assert one["description"] == (EXAMPLE["description"] if sees else None), name


async def test_the_schedule_is_filtered(api: Api) -> None:
    here, there = await room(api), await room(api, name="Borealis")
    you = api.manager.employee_id
    one = await booked(api, here, attendees=[you])
    two = await booked(api, there, "stranger", date="2024-01-16", title="Retro")
    three = await booked(api, here, "manager", date="2024-01-17")
    for query, rows in [
        ("", [one, two, three]),
        (f"roomId={here}", [one, three]),
        ("date=2024-01-16", [two]),
        ("startDate=2024-01-16", [two, three]),
        ("endDate=2024-01-16", [one, two]),
        ("startDate=2024-01-16&endDate=2024-01-16", [two]),
        (f"organizer={you}", [three]),
        (f"attendee={you}", [one, three]),
        ("mine=true", [one, three]),
        ("mine=false", [two]),
        ("search=RETRO", [two]),
        ("status=cancelled", []),
        ("sort=-date", [three, two, one]),
    ]:
        found = (await api.get(f"{SCHEDULE}?{query}", as_="manager")).data
        assert [row["id"] for row in found] == [row["id"] for row in rows], query
    assert (await api.get(f"{SCHEDULE}?mine=true", as_="outsider")).data == []
    assert (await api.get(f"{SCHEDULE}?status=gone", as_="manager")).fields == {"status"}


async def test_a_booked_room_is_not_deleted_before_its_meetings_are_over(api: Api, now) -> None:
    now.set(2024, 1, 15, 8)
    id_ = await room(api)
    await booked(api, id_)
    refusal = await api.delete(f"{ROOMS}/{id_}", as_="admin")
    assert (refusal.status, refusal.code) == (409, "in_use")
    assert refusal.json["message"] == "In use by 1 future booking"
    now.set(2024, 1, 15, 10)
    assert (await api.delete(f"{ROOMS}/{id_}", as_="admin")).status == 200
    assert (await book(api, id_)).fields == {"roomId"}
