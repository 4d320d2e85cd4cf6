"""GET /api/leave/calendar and the feed it leads to, GET /api/leave/calendar.ics."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import jwt
import pytest
from icalendar import Calendar
from tornado.ioloop import IOLoop

from sunshine.core.settings import Settings
from tests.api import Answer, Api
from tests.conftest import PASSWORD, SECRET, Now, serve
from tests.factories import refused

FEED = "/api/leave/calendar.ics"


@pytest.fixture(autouse=True)
def _today(now: Now) -> None:
    now.set(2026, 3, 15, 8)


@pytest.fixture(params=["Asia/Jakarta", "Europe/Berlin", "America/New_York"])
def elsewhere(
    request: pytest.FixtureRequest, settings: Settings, io_loop: IOLoop, _now: Now, api: Api
) -> Iterator[Api]:
    """A server of a company in another timezone, on the same databases."""
    policy = replace(settings.policy, timezone=ZoneInfo(request.param))
    for server in serve(replace(settings, policy=policy), io_loop, _now):
        server.cast = api.cast
        yield server


async def feed(api: Api, as_: str = "employee") -> str:
    """The path and query of the caller's feed."""
    url: str = (await api.get("/api/leave/calendar", as_=as_)).data["url"]
    base = api.app.settings.base_domain
    assert url.startswith(f"{base}{FEED}?token=")
    return url.removeprefix(base)


async def shown(api: Api, as_: str = "employee") -> dict[str, Any]:
    """The events of the caller's feed, by summary."""
    return {
        str(event["summary"]): event for event in events_of(await api.get(await feed(api, as_)))
    }


def events_of(answer: Answer) -> list[Any]:
    assert answer.status == 200, answer.body
    assert answer.headers["Content-Type"] == "text/calendar; charset=utf-8"
    calendar = Calendar.from_ical(answer.body)
    assert (calendar["version"], calendar["method"]) == ("2.0", "PUBLISH")
    found = calendar.walk("VEVENT")
    assert [event.errors for event in found if event.errors] == []
    assert len({event["uid"] for event in found}) == len(found)
    return list(found)


async def leave(api: Api, name: str, first: str, last: str | None = None, **fields: Any) -> int:
    """Approved leave, stored as it is."""
    values = {"type": "annual", "half": None, "status": "approved", **fields}
    [row] = await api.sql(
        "INSERT INTO leave (employee_id, leave_type, start_date, end_date, half_day, status,"
        " reason, notes, deadline) VALUES (%(employee)s, %(type)s, %(first)s, %(last)s, %(half)s,"
        " %(status)s, 'A secret', 'A secret', %(first)s) RETURNING id",
        employee=api.cast[name].employee_id, first=first, last=last or first, **values,
    )  # fmt: skip
    return int(row["id"])


async def holiday(api: Api, day: str, name: str, kind: str = "public") -> None:
    await api.sql(
        "INSERT INTO holiday (date, name, kind, deducts_annual)"
        " VALUES (%(day)s, %(name)s, %(kind)s, false)",
        day=day, name=name, kind=kind,
    )  # fmt: skip


async def test_a_calendar_shows_leave_and_holidays_without_a_header(api: Api) -> None:
    id_ = await leave(api, "employee", "2026-03-20", "2026-03-24", type="special")
    await holiday(api, "2026-04-03", "Good Friday")
    found = await shown(api)
    assert set(found) == {"Employee Person: special leave", "Good Friday"}
    away = found["Employee Person: special leave"]
    assert (away["dtstart"].dt, away["dtend"].dt) == (date(2026, 3, 20), date(2026, 3, 25))
    assert (away["uid"], away["transp"]) == (f"leave-{id_}@sunshine", "TRANSPARENT")
    day = found["Good Friday"]
    assert (day["dtstart"].dt, day["dtend"].dt) == (date(2026, 4, 3), date(2026, 4, 4))
    assert await api.events() == []


async def test_half_days_meet_at_noon_where_the_business_is(api: Api, elsewhere: Api) -> None:
    zone = elsewhere.app.settings.business_tz
    days = ("2026-03-08", "2026-03-29", "2026-07-01")  # clocks change on two of them
    for day in days:
        await leave(api, "employee", day, half="am", type="annual")
        await leave(api, "employee", day, half="pm", type="special")
    answer = await elsewhere.get(await feed(elsewhere))
    events = events_of(answer)
    assert len(events) == 6
    for event in events:
        start, end = event["dtstart"].dt, event["dtend"].dt
        noon = datetime(start.year, start.month, start.day, 12, tzinfo=zone).astimezone(UTC)
        is_morning = "annual" in event["summary"]
        assert (end if is_morning else start).astimezone(UTC) == noon
        other = start if is_morning else end
        midnight = datetime(other.year, other.month, other.day, tzinfo=zone)
        assert other.astimezone(UTC) == midnight.astimezone(UTC)
        assert event["dtstart"].params["TZID"] == zone.key
    assert answer.body.count(b"BEGIN:VTIMEZONE") == 1


async def test_only_what_is_approved_is_shown_and_never_why(api: Api) -> None:
    for number, status in enumerate(("pending", "rejected", "cancelled", "approved")):
        await leave(api, "employee", f"2026-04-0{number + 1}", status=status)
    answer = await api.get(await feed(api))
    [event] = events_of(answer)
    assert event["dtstart"].dt == date(2026, 4, 4)
    assert b"secret" not in answer.body
    await api.sql("UPDATE leave SET status = 'cancelled', updated_at = now()")
    assert await shown(api) == {}


async def test_each_sees_whom_they_may(api: Api) -> None:
    names = ("employee", "manager", "stranger", "hr", "admin")
    for name in names:
        await leave(api, name, "2026-04-01")
    await holiday(api, "2026-04-03", "Good Friday")
    for caller, seen in {
        "employee": {"employee"},
        "stranger": {"stranger"},
        "outsider": set(),
        "manager": {"employee", "manager"},
        "hr": set(names),
        "admin": set(names),
    }.items():
        expected = {f"{name.capitalize()} Person: annual leave" for name in seen}
        assert set(await shown(api, caller)) == expected | {"Good Friday"}, caller
        # Their own program may send the header instead.
        by_header = events_of(await api.get(FEED, as_=caller))
        assert {str(event["summary"]) for event in by_header} == expected | {"Good Friday"}


async def test_it_holds_three_months_back_and_twelve_ahead(api: Api) -> None:
    for name, first, last in (
        ("employee", "2025-12-01", "2025-12-14"), ("stranger", "2025-12-10", "2025-12-15"),
        ("employee", "2027-03-15", "2027-03-20"), ("stranger", "2027-03-16", "2027-03-16"),
    ):  # fmt: skip
        await leave(api, name, first, last)
    for day in ("2025-12-14", "2025-12-15", "2027-03-15", "2027-03-16"):
        await holiday(api, day, f"Holiday {day}")
    starts = [str(event["dtstart"].dt) for event in events_of(await api.get(await feed(api, "hr")))]
    assert starts == ["2025-12-15", "2027-03-15", "2025-12-10", "2027-03-15"]


async def test_what_is_deleted_is_not_shown(api: Api) -> None:
    await holiday(api, "2026-04-03", "Good Friday")
    await leave(api, "stranger", "2026-04-01")
    assert len(await shown(api, "hr")) == 2
    await api.sql("UPDATE holiday SET deleted_at = now()")
    await api.delete(f"/api/employees/{api.stranger.employee_id}", as_="hr")
    assert await shown(api, "hr") == {}


@pytest.mark.parametrize(
    "name", ['Ann, "The; Boss" \\n O\'Neil', "Ünal Ağaoğlu 陳大文 🌞", "x" * 200, "BEGIN:VEVENT"]
)
async def test_any_name_is_told_as_it_is(api: Api, name: str) -> None:
    await api.put(f"/api/employees/{api.employee.employee_id}", {"name": name}, as_="hr")
    await leave(api, "employee", "2026-04-01")
    answer = await api.get(await feed(api))
    [event] = events_of(answer)
    assert event["summary"] == f"{name}: annual leave"
    assert max(len(line) for line in answer.body.split(b"\r\n")) <= 75


async def test_its_token_opens_nothing_else(api: Api) -> None:
    path = await feed(api, "admin")
    token = path.partition("token=")[2]
    for other in ("/api/auth/account", "/api/leave/calendar", FEED, "/api/users"):
        await refused(api, await api.get(other, as_=token), 401, "not_signed_in")
        if other != FEED:
            await refused(api, await api.get(f"{other}?token={token}"), 401, "not_signed_in")
    static = await api.get(f"/api/static/employee/x.jpg?token={token}")
    await refused(api, static, 401, "not_signed_in")


async def test_no_other_token_opens_it(api: Api) -> None:
    good = (await feed(api, "admin")).partition("token=")[2]
    said = jwt.decode(good, options={"verify_signature": False})

    def made(secret: str = SECRET, /, **claims: Any) -> str:
        kept = {name: value for name, value in (said | claims).items() if value is not None}
        return jwt.encode(kept, secret, algorithm="HS256")

    assert made() == good
    assert len(events_of(await api.get(f"{FEED}?token={made()}"))) == 0
    header, body, signature = good.split(".")
    for name, token in {
        "none": "", "rubbish": "rubbish", "long": "x" * 5000, "not ASCII": "%C3%A9",
        "an access token": api.admin.token, "unsigned": jwt.encode(said, None, algorithm="none"),
        "cut": f"{header}.{body}.", "swapped": f"{header}.{body}.{signature[::-1]}",
        "of another secret": made(SECRET + "!"), "of nobody": made(id=2**31 - 1),
        "of a large id": made(id=2**70), "with a text": made(id="1"), "with true": made(id=True),
        "of another version": made(ver=1), "of version text": made(ver="0"),
        "of another feed": made(aud="sunshine-feed:/api/meeting-rooms/1/calendar.ics"),
        "of a user": made(aud="sunshine", typ="user"), "of another kind": made(typ="user"),
        **{f"without {claim}": made(**{claim: None}) for claim in said},
    }.items():  # fmt: skip
        answer = await api.get(f"{FEED}?token={token}")
        assert (answer.status, answer.code) == (401, "not_signed_in"), name
        # A bad one is not made good by a header.
        assert (await api.get(f"{FEED}?token={token}", as_="admin")).status == 401, name


async def test_it_ends_with_the_password_the_role_and_the_account(api: Api, second: Api) -> None:
    user = f"/api/users/{api.employee.user_id}"
    new = {"currentPassword": PASSWORD, "password": "another-sunny-side-2"}
    token = api.employee
    for change, by in (
        (new, "employee"),
        ({"role": "manager"}, "admin"),
        ({"active": False}, "admin"),
    ):
        old = (await api.get("/api/leave/calendar", as_=token)).data["url"]
        old = old.removeprefix(api.app.settings.base_domain)
        assert (await second.get(old)).status == 200
        assert (await api.put(user, change, as_=token if by == "employee" else by)).status == 200
        for server in (api, second):
            assert (await server.get(old)).status == 401, change
        answer = await api.post(
            "/api/auth/login", {"username": "employee", "password": new["password"]}
        )
        token = answer.json.get("token")
    assert token is None


async def test_it_waits_for_a_password_that_must_be_changed(api: Api) -> None:
    path = await feed(api)
    due = "UPDATE users SET must_change_password = %(due)s WHERE id = %(id)s"
    await api.sql(due, due=True, id=api.employee.user_id)
    answer = await api.get(path)
    assert (answer.status, answer.code) == (403, "password_change_required")
    await api.sql(due, due=False, id=api.employee.user_id)
    assert (await api.get(path)).status == 200


async def test_logging_out_leaves_it(api: Api) -> None:
    path = await feed(api)
    await api.get("/api/auth/logout", as_="employee")
    assert (await api.get(path)).status == 200


async def test_what_a_calendar_has_is_not_sent_again(api: Api) -> None:
    await leave(api, "employee", "2026-04-01")
    path = await feed(api)
    first = await api.get(path)
    same = {"If-None-Match": first.headers["Etag"]}
    again = await api.get(path, headers=same)
    assert (again.status, again.body) == (304, b"")
    assert (await api.get(path)).body == first.body
    assert first.headers["Cache-Control"] == "private, no-cache"
    await api.sql("UPDATE leave SET end_date = '2026-04-02', updated_at = now()")
    changed = await api.get(path, headers=same)
    assert changed.status == 200
    assert changed.headers["Etag"] != first.headers["Etag"]


async def test_the_token_is_not_logged(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    lines: list[Any] = []
    monkeypatch.setattr(api.app.application, "log_fields", lambda **fields: lines.append(fields))
    path = await feed(api)
    del lines[:]
    await api.get(path)
    await api.get(f"{path}x")
    assert [line["path"] for line in lines] == [FEED, FEED]
    assert [line["actor"] for line in lines] == [f"user:{api.employee.user_id}", None]
    token = path.partition("token=")[2]
    assert token not in repr(lines)
    assert token[-10:] not in repr(lines)


async def test_only_users_have_one(api: Api) -> None:
    for path in ("/api/leave/calendar", FEED):
        await refused(api, await api.get(path), 401, "not_signed_in")
