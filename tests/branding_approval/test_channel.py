"""What sockets are told of branding approval: the documented frame, to whom GET shows the row."""

import re
from typing import Any

from sunshine.core import json
from sunshine.core.principals import Principal
from sunshine.database.event_log import Event
from sunshine.live.hub import Audience
from sunshine.modules.branding_approval.channel import channel
from tests.api import Api
from tests.branding_approval.factories import PATH, ids, join, review, revise, submit, told

MISSING = 2**31 - 1


def frame(event: Event) -> Any:
    """As it is sent, but for `seq`, which the socket adds."""
    return json.decode(json.encode(channel.events[event.type](event)))


async def principals(api: Api) -> dict[str, Principal]:
    """The cast, as their sockets know them."""
    return {name: await api.app.principals.of(person.token) for name, person in api.cast.items()}


async def lived(api: Api) -> dict[str, Any]:
    """A request that went through everything, and came out with other approvers."""
    request = await submit(api, "manager", "stranger")
    await review(api, request, "manager")
    await review(api, request, "stranger", "request_revision")
    await revise(api, request, approvers=ids(api, "hr"))
    await review(api, request, "admin", "reject")
    return request


async def test_each_event_is_a_frame_with_the_documented_members_only(api: Api) -> None:
    request = await lived(api)
    events = await told(api)
    assert {event.type for event in events} == set(channel.events)
    frames = [frame(event) for event in events]
    for sent in frames:
        assert list(sent) == ["type", "data"]
        assert sent["type"] == "approval_update"
        assert list(sent["data"]) == ["requestId", "status", "approver", "timestamp"]
        assert sent["data"]["requestId"] == request["id"]
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", sent["data"]["timestamp"])
    assert [(sent["data"]["status"], sent["data"]["approver"]) for sent in frames] == [
        ("pending", "Employee Person"),
        ("pending", "Manager Person"),
        ("revision", "Stranger Person"),
        ("pending", "Employee Person"),
        ("rejected", "Admin Person"),
    ]


async def test_an_approver_is_called_as_the_request_calls_them(api: Api) -> None:
    await join(api, "Jane Roe")  # whose account has another name
    request = await submit(api, "Jane Roe")
    [approver] = (await review(api, request, "Jane Roe")).data["approvers"]
    assert frame((await told(api))[-1])["data"]["approver"] == approver["name"] == "Jane Roe"


async def test_it_is_told_to_whom_the_request_is_shown(api: Api) -> None:
    await join(api, "Brand", "branding:manage")
    await join(api, "Boss", role="manager")
    await api.sql(
        "UPDATE employee SET manager_id = %(boss)s WHERE id = %(id)s",
        boss=api.cast["Boss"].employee_id,
        id=api.employee.employee_id,
    )
    for name in ("dropped", "past", "next"):
        await join(api, name)
    requests = [
        await submit(api, "manager"),
        await submit(api, "hr", as_="manager"),
        await submit(api, "stranger", "admin", as_="hr"),
        await lived(api),
    ]
    replaced = await submit(api, "past", "dropped")
    await review(api, replaced, "past", "request_revision")
    await revise(api, replaced, approvers=ids(api, "next"))
    requests.append(replaced)
    known = await principals(api)
    numbers = [request["id"] for request in requests]
    audiences = await channel.audiences(api.app.databases.sunshine, [*numbers, MISSING])
    assert sorted(audiences) == sorted(numbers)
    seen = set()
    for event in await told(api):
        assert event.entity_id
        for name, principal in known.items():
            answer = await api.get(f"{PATH}/{event.entity_id}", as_=name)
            sees = channel.sees(principal, event, audiences[event.entity_id])
            assert sees == (answer.status == 200), (name, event)
            listed = (await api.get(f"{PATH}?limit=100", as_=name)).data
            assert sees == (event.entity_id in [row["id"] for row in listed])
            seen.add((name, sees))
    both = {name for name, sees in seen if (name, not sees) in seen}
    assert both >= {"employee", "manager", "stranger", "hr", "past", "next"}
    always, never = {("admin", True), ("Brand", True)}, {("Boss", False), ("outsider", False)}
    assert seen >= always | never | {("dropped", False)}


async def test_nobody_without_an_employee_is_related_to_anything(api: Api) -> None:
    await lived(api)
    [event, *_] = await told(api)
    outsider = (await principals(api))["outsider"]
    assert not channel.sees(outsider, event, Audience())


async def test_users_may_connect_and_drivers_may_not(api: Api) -> None:
    assert all(person.may(channel.permission) for person in (await principals(api)).values())
    driver = Principal(
        kind="driver", id=1, username="d", name="D", email=None, role="driver", employee_id=None,
        permissions=frozenset({"account:self", "fleet:self"}),
    )  # fmt: skip
    assert not driver.may(channel.permission)


async def test_nothing_asked_is_nothing_found(api: Api) -> None:
    assert await channel.audiences(api.app.databases.sunshine, []) == {}
