"""GET and POST /api/tickets."""

from typing import Any
from urllib.parse import quote

import pytest

from tests.api import Api
from tests.conftest import Now
from tests.factories import refused
from tests.tickets.factories import enrol, get, listed, put, report, say

MISSING = 2**31 - 1


async def test_it_is_reported_by_oneself_with_a_number_of_its_own(desk: Api) -> None:
    first, second = await report(desk), await report(desk, "manager", title="Another")
    assert first["reportedBy"] == desk.employee.employee_id
    assert second["reportedBy"] == desk.manager.employee_id
    assert (first["status"], first["priority"]) == ("open", "medium")
    numbers = [int(ticket["number"].removeprefix("TCK-")) for ticket in (first, second)]
    assert numbers[1] == numbers[0] + 1
    assert await desk.events() == ["ticket_created"] * 2


async def test_it_goes_on_counting_past_six_digits(desk: Api) -> None:
    [before] = await desk.sql("SELECT last_value FROM ticket_number_seq")
    await desk.sql("SELECT setval('ticket_number_seq', 999998)")
    numbers = [(await report(desk))["number"] for _ in range(2)]
    await desk.sql("SELECT setval('ticket_number_seq', %(n)s)", n=before["last_value"] + 2)
    assert numbers == ["TCK-999999", "TCK-1000000"]


async def test_nobody_reports_in_anothers_name_but_agents(desk: Api) -> None:
    body = {"title": "Help", "reportedBy": desk.stranger.employee_id}
    for caller in ("employee", "manager", "hr", "solver"):
        await refused(desk, await desk.post("/api/tickets", body, as_=caller), 403, "not_allowed")
    for caller in ("agent", "admin"):
        ticket = (await desk.post("/api/tickets", body, as_=caller)).data
        assert ticket["reporter"] == "Stranger Person"
    own = {"title": "Help", "reportedBy": desk.employee.employee_id}
    assert (await desk.post("/api/tickets", own, as_="employee")).status == 201


async def test_it_needs_somebody_to_report_it(desk: Api) -> None:
    answer = await desk.post("/api/tickets", {"title": "Help"}, as_="outsider")
    await refused(desk, answer, 403, "no_employee")
    await desk.sql("UPDATE users SET employee_id = NULL WHERE username = 'agent'")
    answer = await desk.post("/api/tickets", {"title": "Help"}, as_="agent")
    await refused(desk, answer, 403, "no_employee")
    answer = await desk.post("/api/tickets", {"title": "Help", "reportedBy": MISSING}, as_="agent")
    assert (answer.status, answer.fields) == (400, {"reportedBy"})
    body = {"title": "Help", "reportedBy": desk.stranger.employee_id}
    assert (await desk.post("/api/tickets", body, as_="agent")).status == 201


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"title": " "}, "title"),
        ({"title": "x" * 201}, "title"),
        ({"priority": "High"}, "priority"),
        ({"priority": "critical"}, "priority"),
        ({"status": "closed"}, "status"),
        ({"assignedTo": 1}, "assignedTo"),
        ({"number": "TCK-000001"}, "number"),
        ({"dueAt": "2024-01-01T00:00:00Z"}, "dueAt"),
        ({"satisfaction": 5}, "satisfaction"),
        ({"attachments": ["javascript:alert(1)"]}, "attachments.0"),
        ({"attachments": ["/a", "/a"]}, "attachments"),
        ({"attachments": [f"/{n}" for n in range(21)]}, "attachments"),
    ],
)
async def test_it_names_what_is_wrong(desk: Api, change: dict[str, Any], field: str) -> None:
    answer = await desk.post("/api/tickets", {"title": "Help", **change}, as_="admin")
    assert (answer.status, answer.fields) == (400, {field})
    assert await desk.events() == []


async def test_it_lists_the_latest_first_and_by_what_is_asked(desk: Api, now: Now) -> None:
    made = []
    for hour, priority in enumerate(("medium", "urgent", "low", "high")):
        now.set(2024, 1, 15, 9 + hour)
        made.append((await report(desk, priority=priority))["priority"])
    now.set(2024, 1, 15, 12)
    assert [row["priority"] for row in await listed(desk, "admin")] == made[::-1]
    for sort, order in (
        ("createdAt", made),
        ("-createdAt", made[::-1]),
        ("priority", ["low", "medium", "high", "urgent"]),
        ("-priority", ["urgent", "high", "medium", "low"]),
        ("dueAt", ["urgent", "high", "medium", "low"]),
    ):
        rows = await listed(desk, "admin", f"&sort={sort}")
        assert [row["priority"] for row in rows] == order, sort


async def test_it_filters(desk: Api) -> None:
    ours = await report(desk, category="IT", priority="high")
    theirs = await report(desk, "stranger", category="hr")
    await put(desk, theirs, assignedTo=desk.solver.employee_id, status="in_progress")
    for query, found in (
        ("category=it", [ours]), ("category=HR", [theirs]), ("category=I", []),
        ("status=open", [ours]), ("status=in_progress", [theirs]), ("priority=high", [ours]),
        (f"reportedBy={desk.stranger.employee_id}", [theirs]),
        (f"assignedTo={desk.solver.employee_id}", [theirs]), (f"assignedTo={MISSING}", []),
        ("status=open&priority=low", []), ("breached=false", [theirs, ours]),
        ("breached=true", []),
    ):  # fmt: skip
        rows = await listed(desk, "admin", f"&{query}")
        assert [row["id"] for row in rows] == [ticket["id"] for ticket in found], query
    for query in ("status=done", "priority=HIGH", "assignedTo=me", "breached=maybe", "sort=title"):
        answer = await desk.get(f"/api/tickets?{query}", as_="admin")
        assert (answer.status, answer.code) == (400, "validation_failed")


async def test_it_refuses_to_filter_by_somebody_outside_ones_scope(desk: Api) -> None:
    await enrol(desk, "report", manager="manager")
    everybody = ("employee", "stranger", "manager", "report", "solver")
    within = {
        "employee": {"employee"},
        "stranger": {"stranger"},
        "manager": {"manager", "employee", "report"},
        "hr": set(),
        "outsider": set(),
        "agent": set(everybody),
        "admin": set(everybody),
    }
    for caller, reach in within.items():
        for field in ("assignedTo", "reportedBy"):
            for name in everybody:
                query = f"?{field}={desk.cast[name].employee_id}"
                answer = await desk.get(f"/api/tickets{query}", as_=caller)
                assert answer.status == (200 if name in reach else 403), (caller, field, name)
    for name, status in (("employee", 403), ("manager", 403), ("agent", 200)):
        assert (await desk.get(f"/api/tickets?assignedTo={MISSING}", as_=name)).status == status


async def test_it_searches_to_the_letter_in_any_case(desk: Api) -> None:
    printer = await report(desk, title="Der DRÜCKER 100% kaputt", description="Papier_stau im Flur")
    await report(desk, title="WLAN", description=None)
    await say(desk, printer, "employee", "Toner ist auch leer")
    for text in ("drücker", "DRÜCKER", "100% k", "papier_", "TONER", printer["number"],
                 printer["number"].lower()):  # fmt: skip
        rows = await listed(desk, "admin", f"&search={quote(text)}")
        assert [row["id"] for row in rows] == [printer["id"]], text
    for text in ("papierx", "1000", "nothing of the kind", "%%", "__"):
        assert await listed(desk, "admin", f"&search={quote(text)}") == [], text


async def test_it_pages(desk: Api) -> None:
    made = [(await report(desk))["id"] for _ in range(5)]
    answer = await desk.get("/api/tickets?page=2&limit=2", as_="employee")
    assert [row["id"] for row in answer.data] == made[::-1][2:4]
    assert answer.json["pagination"] == {"page": 2, "perPage": 2, "total": 5, "totalPages": 3}
    assert (await desk.get("/api/tickets?page=9", as_="employee")).data == []


async def test_a_list_shows_what_an_item_shows(desk: Api) -> None:
    ticket = await report(desk, attachments=["https://example.com/a.png"], category="IT")
    await put(desk, ticket, assignedTo=desk.solver.employee_id)
    for caller in ("employee", "solver", "manager", "agent"):
        assert await listed(desk, caller) == [await get(desk, ticket, caller)]


async def test_the_name_of_an_assignee_who_left_is_kept(desk: Api) -> None:
    ticket = await report(desk)
    await put(desk, ticket, assignedTo=desk.solver.employee_id)
    path = f"/api/employees/{desk.solver.employee_id}"
    assert (await desk.delete(path, as_="admin")).status == 200
    shown = await get(desk, ticket, "employee")
    assert (shown["assignedTo"], shown["assignee"]) == (desk.solver.employee_id, "Solver Person")
    # Whoever edits the whole form sends them back; they can be replaced, not be chosen again.
    await put(desk, ticket, assignedTo=desk.solver.employee_id, category="IT")
    await put(desk, ticket, assignedTo=None)
    body = {"assignedTo": desk.solver.employee_id}
    answer = await desk.put(f"/api/tickets/{ticket['id']}", body, as_="admin")
    assert (answer.status, answer.fields) == (400, {"assignedTo"})
