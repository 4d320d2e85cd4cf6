"""Freelancers and their projects: /api/freelance."""

import asyncio
from typing import Any

import pytest

from tests.api import Api
from tests.factories import found, refused

PATH = "/api/freelance"
EXAMPLE = {
    "name": "Jane Freelancer",
    "email": "jane@example.com",
    "skills": ["design", "video editing"],
    "hourlyRate": 50,
    "portfolio": "https://portfolio.example.com",
}
PROJECT = {
    "projectName": "Website Redesign",
    "description": "Redesign company website",
    "deadline": "2024-03-01",
    "budget": 5000,
}


async def jane(api: Api, **changes: Any) -> dict[str, Any]:
    made: dict[str, Any] = (await api.post(PATH, EXAMPLE | changes, as_="hr")).data
    return made


async def test_the_documented_examples_register_and_assign(api: Api) -> None:
    answer = await api.post(PATH, EXAMPLE, as_="admin")
    assert answer.status == 201
    assert {name: answer.data[name] for name in EXAMPLE} == EXAMPLE
    project = await api.post(f"{PATH}/{answer.data['id']}/projects", PROJECT, as_="admin")
    assert project.status == 201
    assert {name: project.data[name] for name in PROJECT} == PROJECT
    assert (project.data["status"], project.data["budgetUsed"]) == ("planned", 0)
    assert project.data["budgetLeft"] == 5000
    assert await api.events() == ["freelancer_created", "freelance_project_created"]


async def test_email_addresses_are_unique_whatever_their_case(api: Api) -> None:
    await jane(api)
    again = await api.post(PATH, EXAMPLE | {"email": "JANE@example.com"}, as_="hr")
    assert (again.status, again.code) == (409, "email_taken")


async def test_rates_and_addresses_are_for_those_who_manage(api: Api) -> None:
    made = await jane(api)
    for name, sees in [("hr", True), ("admin", True), ("manager", False)]:
        one = (await api.get(f"{PATH}/{made['id']}", as_=name)).data
        [listed] = await found(api, PATH, as_=name)
        for row in (one, listed):
            assert len({"hourlyRate", "email"} & row.keys()) == (2 if sees else 0), name
    assert await found(api, f"{PATH}?search=example.com", as_="manager") == []
    assert len(await found(api, f"{PATH}?search=example.com", as_="hr")) == 1
    assert len(await found(api, f"{PATH}?search=JANE&skill=Design", as_="manager")) == 1


async def test_the_order_of_a_list_does_not_tell_what_somebody_costs(api: Api) -> None:
    for name, rate in (("Cheap", 10), ("Dear", 100)):
        await jane(api, name=name, email=f"{name}@example.com", hourlyRate=rate)
    names = [row["name"] for row in await found(api, f"{PATH}?sort=-hourlyRate", as_="hr")]
    assert names == ["Dear", "Cheap"]
    refusal = await api.get(f"{PATH}?sort=-hourlyRate", as_="manager")
    assert (refusal.status, refusal.fields) == (400, {"sort"})
    names = [row["name"] for row in await found(api, f"{PATH}?sort=-name", as_="manager")]
    assert names == ["Dear", "Cheap"]


async def test_freelancers_are_found_by_what_they_can_and_are(api: Api) -> None:
    made = await jane(api, skills=["Design", "Video Editing"])
    other = await jane(api, email="joe@example.com", name="Joe", status="inactive", skills=[])
    for query, rows in [
        ("skill=design", [made]),
        ("skill=VIDEO%20editing", [made]),
        ("skill=video", []),
        ("status=inactive", [other]),
        ("status=active", [made]),
        ("search=joe", [other]),
        ("sort=-createdAt", [other, made]),
    ]:
        assert await found(api, f"{PATH}?{query}", as_="hr") == rows, query


async def test_what_is_sent_is_merged(api: Api) -> None:
    made = await jane(api)
    path = f"{PATH}/{made['id']}"
    changed = (await api.put(path, {"hourlyRate": 65.5, "phone": "+62"}, as_="hr")).data
    same = ("hourlyRate", "phone", "updatedAt")
    assert (changed["hourlyRate"], changed["phone"]) == (65.5, "+62")
    assert all(changed[name] == made[name] for name in made if name not in same)
    await jane(api, email="joe@example.com")
    taken = await api.put(path, {"email": "JOE@example.com"}, as_="hr")
    assert (taken.status, taken.code) == (409, "email_taken")
    for who, status in [("employee", 403), ("manager", 403)]:
        assert (await api.put(path, {"notes": "x"}, as_=who)).status == status
        assert (await api.delete(path, as_=who)).status == status
    assert await api.events() == ["freelancer_created", "freelancer_updated", "freelancer_created"]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": ""}, "name"),
        ({"email": "jane"}, "email"),
        ({"hourlyRate": -1}, "hourlyRate"),
        ({"portfolio": "javascript:alert(1)"}, "portfolio"),
        ({"skills": ["a", "a"]}, "skills"),
        ({"status": "gone"}, "status"),
        ({"rating": 5}, "rating"),
    ],
)
async def test_it_refuses_what_is_no_freelancer(
    api: Api, change: dict[str, Any], field: str
) -> None:
    answer = await api.post(PATH, EXAMPLE | change, as_="hr")
    assert (answer.status, answer.fields) == (400, {field})
    assert await api.events() == []


@pytest.mark.parametrize(
    ("name", "register", "assign"),
    [("employee", 403, 403), ("manager", 403, 201), ("hr", 201, 201), ("admin", 201, 201)],
)
async def test_managers_assign_and_hr_registers(
    api: Api, name: str, register: int, assign: int
) -> None:
    made = await jane(api, email="other@example.com")
    assert (await api.post(PATH, EXAMPLE, as_=name)).status == register
    path = f"{PATH}/{made['id']}/projects"
    assert (await api.post(path, PROJECT, as_=name)).status == assign


async def test_a_budget_is_used_and_never_overdrawn(api: Api) -> None:
    made = await jane(api)
    path = f"{PATH}/{made['id']}/projects"
    project = (await api.post(path, PROJECT, as_="manager")).data
    one = f"{path}/{project['id']}"
    used = await api.put(one, {"budgetUsed": 1234.5, "status": "active"}, as_="manager")
    assert (used.data["budgetLeft"], used.data["status"]) == (3765.5, "active")
    over = await api.put(one, {"budgetUsed": 5000.01}, as_="manager")
    assert (over.status, over.fields) == (400, {"budgetUsed"})
    assert [row["id"] for row in await found(api, f"{path}?status=active", "manager")] == [
        project["id"]
    ]


async def test_projects_belong_to_a_freelancer(api: Api) -> None:
    made, other = await jane(api), await jane(api, email="joe@example.com")
    path = f"{PATH}/{made['id']}/projects"
    project = (await api.post(path, PROJECT, as_="manager")).data
    assert project["freelancerId"] == made["id"]
    later = (await api.post(path, PROJECT | {"deadline": "2024-04-01"}, as_="manager")).data
    assert await found(api, f"{path}?sort=-deadline", "manager") == [later, project]
    assert await found(api, f"{PATH}/{other['id']}/projects", "manager") == []
    await api.sql("DELETE FROM event")
    missing = f"{PATH}/{2**31 - 1}/projects"
    for method, one, body in [
        ("PUT", f"{PATH}/{other['id']}/projects/{project['id']}", {"status": "done"}),
        ("DELETE", f"{PATH}/{other['id']}/projects/{project['id']}", None),
        ("GET", missing, None),
        ("POST", missing, PROJECT),
    ]:
        await refused(api, await api.call(method, one, body, as_="hr"), 404, "not_found")
    one = f"{path}/{project['id']}"
    await refused(api, await api.delete(one, as_="manager"), 403, "not_allowed")
    assert (await api.delete(one, as_="hr")).status == 200
    assert (await api.delete(one, as_="hr")).status == 404
    assert await found(api, path, "manager") == [later]
    assert await api.events() == ["freelance_project_deleted"]


async def test_without_a_budget_nothing_is_left_of_it(api: Api) -> None:
    path = f"{PATH}/{(await jane(api))['id']}/projects"
    body = {"projectName": "Favour", "budgetUsed": 10}
    project = (await api.post(path, body, as_="hr")).data
    assert (project["budget"], project["budgetUsed"], project["budgetLeft"]) == (None, 10, None)
    small = await api.put(f"{path}/{project['id']}", {"budget": 9.99}, as_="hr")
    assert small.fields == {"budgetUsed"}
    none = await api.post(path, PROJECT | {"budgetUsed": 5000.01}, as_="hr")
    assert none.fields == {"budgetUsed"}


@pytest.mark.parametrize(("status", "stays"), [
    ("planned", True), ("active", True), ("done", False), ("cancelled", False),
])  # fmt: skip
async def test_who_has_work_to_do_stays(api: Api, status: str, stays: bool) -> None:
    made = await jane(api)
    path = f"{PATH}/{made['id']}"
    project = (await api.post(f"{path}/projects", PROJECT | {"status": status}, as_="hr")).data
    answer = await api.delete(path, as_="hr")
    if stays:
        assert (answer.status, answer.code) == (409, "in_use")
        assert answer.json["message"] == "In use by 1 unfinished project"
        await api.delete(f"{path}/projects/{project['id']}", as_="hr")
        answer = await api.delete(path, as_="hr")
    assert answer.status == 200
    assert (await api.get(path, as_="hr")).status == 404


async def test_who_is_inactive_gets_no_project(api: Api) -> None:
    made = await jane(api, status="inactive")
    await api.sql("DELETE FROM event")
    answer = await api.post(f"{PATH}/{made['id']}/projects", PROJECT, as_="hr")
    await refused(api, answer, 409, "freelancer_not_active")


async def test_nobody_is_given_work_while_they_leave(api: Api) -> None:
    """Whichever comes first: a project, and they stay, or none."""
    for number in range(3):
        made = await jane(api, email=f"jane.{number}@example.com")
        path = f"{PATH}/{made['id']}"
        gone, *answers = await asyncio.gather(
            api.delete(path, as_="hr"),
            *(api.post(f"{path}/projects", PROJECT, as_="manager") for _ in range(10)),
        )
        assert gone.status in (200, 409)
        assert {answer.status for answer in answers} <= {201, 404}
        [row] = await api.sql(
            "SELECT f.deleted_at IS NULL AS stays, count(p.id) AS projects FROM freelancer f"
            " LEFT JOIN freelance_project p ON p.freelancer_id = f.id"
            " WHERE f.id = %(id)s GROUP BY 1",
            id=made["id"],
        )
        assert row["stays"] == (gone.status == 409) == (row["projects"] > 0)
