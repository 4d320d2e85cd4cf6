"""Freelancers and their projects: /api/freelance."""

from typing import Any

import pytest

from tests.api import Api
from tests.people import found

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
            assert ({"hourlyRate", "email"} <= row.keys()) is sees, name
    assert await found(api, f"{PATH}?search=example.com", as_="manager") == []
    assert len(await found(api, f"{PATH}?search=example.com", as_="hr")) == 1
    assert len(await found(api, f"{PATH}?search=JANE&skill=Design", as_="manager")) == 1


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


async def test_who_has_work_to_do_stays(api: Api) -> None:
    made = await jane(api)
    path = f"{PATH}/{made['id']}"
    project = (await api.post(f"{path}/projects", PROJECT, as_="hr")).data
    refused = await api.delete(path, as_="hr")
    assert (refused.status, refused.code) == (409, "in_use")
    await api.put(f"{path}/projects/{project['id']}", {"status": "done"}, as_="hr")
    assert (await api.delete(path, as_="hr")).status == 200
    assert (await api.get(path, as_="hr")).status == 404


async def test_who_is_inactive_gets_no_project(api: Api) -> None:
    made = await jane(api, status="inactive")
    answer = await api.post(f"{PATH}/{made['id']}/projects", PROJECT, as_="hr")
    assert (answer.status, answer.code) == (409, "freelancer_not_active")
