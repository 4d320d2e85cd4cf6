"""sunshine/modules/employees/employees.py and csv_import.py, called as jobs and the command
line do."""

from datetime import date
from typing import Any

import pytest

from sunshine.core.errors import Conflict, Invalid, NotAllowed, NotFound
from sunshine.core.principals import System
from sunshine.modules.employees import csv_import, employees
from tests.api import Api
from tests.employees.test_employees import DIRECTORY
from tests.factories import principal


def change(api: Api) -> Any:
    """A transaction of the system's."""
    return api.app.databases.sunshine.transaction(System("a job"))


def id_of(api: Api, name: str) -> int:
    id_ = api.cast[name].employee_id
    assert id_ is not None
    return id_


async def stored(api: Api, id_: int) -> dict[str, Any]:
    [row] = await api.sql("SELECT * FROM employee WHERE id = %(id)s", id=id_)
    assert isinstance(row, dict)
    return row


async def test_create_stores_and_records(api: Api) -> None:
    async with change(api) as tx:
        made = await employees.create(
            tx, {"name": "Ada", "position": "Analyst", "joinDate": date(2024, 1, 1)}
        )
    row = await stored(api, made["id"])
    assert (row["name"], row["join_date"], row["status"]) == ("Ada", date(2024, 1, 1), "active")
    assert row["created_at"] == row["updated_at"] == made["createdAt"]
    events = await api.sql("SELECT type, actor_type, actor_name, after FROM event ORDER BY id")
    assert [event["type"] for event in events] == ["position_created", "employee_created"]
    assert {event["actor_name"] for event in events} == {"a job"}
    assert events[1]["after"]["joinDate"] == "2024-01-01"


async def test_what_rolls_back_leaves_no_event(api: Api) -> None:
    async def hire_two() -> None:
        async with change(api) as tx:
            await employees.create(tx, {"name": "Ada", "position": "Analyst"})
            await employees.create(tx, {"name": "Eve", "email": "HR@EXAMPLE.COM"})

    with pytest.raises(Conflict) as caught:
        await hire_two()
    assert caught.value.code == "email_taken"
    assert await api.events() == []
    assert await api.sql("SELECT 1 FROM position") == []


async def test_change_merges_and_records(api: Api) -> None:
    id_ = id_of(api, "employee")
    before = await stored(api, id_)
    async with change(api) as tx:
        await employees.change(tx, id_, {"phone": "9"}, actor=principal(api, "employee"))
    after = await stored(api, id_)
    assert after.pop("updated_at") > before.pop("updated_at")
    assert after == {**before, "phone": "9", "search_text": after["search_text"]}
    [event] = await api.sql("SELECT type, entity_id, before, after FROM event")
    assert event == {
        "type": "employee_updated", "entity_id": id_,
        "before": {"phone": "+621"}, "after": {"phone": "9"},
    }  # fmt: skip


async def test_change_asks_who(api: Api) -> None:
    for name in ("employee", "manager", "outsider"):
        with pytest.raises(NotAllowed):
            async with change(api) as tx:
                await employees.change(
                    tx, id_of(api, "stranger"), {"phone": "9"}, actor=principal(api, name)
                )
    assert await api.events() == []


async def test_delete_ends_employment_and_account(api: Api) -> None:
    id_ = id_of(api, "stranger")
    async with change(api) as tx:
        await employees.delete(tx, id_, actor=principal(api, "hr"))
    row = await stored(api, id_)
    assert row["deleted_at"] == row["updated_at"]
    assert row["status"] == "inactive"
    [user] = await api.sql("SELECT * FROM users WHERE employee_id = %(id)s", id=id_)
    assert (user["active"], user["token_version"]) == (False, 1)
    events = await api.sql("SELECT type, entity_id, before, after FROM event ORDER BY id")
    assert [(event["type"], event["entity_id"]) for event in events] == [
        ("user_updated", user["id"]), ("employee_deleted", id_),
    ]  # fmt: skip
    assert events[0]["after"] == {"active": False}
    assert events[1]["before"]["name"] == "Stranger Person"
    with pytest.raises(NotFound):
        async with change(api) as tx:
            await employees.delete(tx, id_, actor=principal(api, "hr"))


async def test_find_and_page_hide_what_is_personal(api: Api) -> None:
    database, actor = api.app.databases.sunshine, principal(api, "stranger")
    row = await employees.find(database, id_of(api, "hr"), actor=actor)
    assert set(row) == DIRECTORY
    page = await employees.page(database, {"page": 1}, actor=actor)
    full = [row["name"] for row in page.rows if "phone" in row]
    assert full == ["Stranger Person"]
    with pytest.raises(NotAllowed):
        await employees.page(database, {"page": 1, "status": "active"}, actor=actor)


async def test_create_all_creates_all(api: Api) -> None:
    lines = await csv_import.parse("name,position\nAda,Analyst\nBob,analyst\n")
    assert [(line.number, line.values["name"]) for line in lines] == [(2, "Ada"), (3, "Bob")]
    async with change(api) as tx:
        await csv_import.create_all(tx, lines)
    rows = await api.sql(
        "SELECT e.name, p.name AS position FROM employee e JOIN position p ON p.id = position_id"
        " ORDER BY e.name"
    )
    assert rows == [
        {"name": "Ada", "position": "Analyst"}, {"name": "Bob", "position": "Analyst"},
    ]  # fmt: skip
    assert await api.events() == ["position_created", "employee_created", "employee_created"]


async def test_create_all_creates_none_when_one_is_wrong(api: Api) -> None:
    lines = await csv_import.parse("name,email\nAda,\nBob,hr@example.com\n")
    with pytest.raises(Invalid) as caught:
        async with change(api) as tx:
            await csv_import.create_all(tx, lines)
    assert [dict(error)["field"] for error in caught.value.errors] == ["email"]
    assert "line 3" in caught.value.message
    assert await api.events() == []
