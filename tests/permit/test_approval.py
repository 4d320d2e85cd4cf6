"""GET /api/permit/approval and POST /api/permit/approval/:permitId."""

import asyncio
import time
from typing import Any

import pytest

from tests.api import Answer, Api
from tests.factories import found
from tests.permit.factories import ask, asked, cancel, decide, status_of

MISSING = 2**31 - 1


async def test_it_is_approved_or_rejected_by_name(api: Api) -> None:
    for action, notes, status in (
        ("approve", None, "approved"), ("approve", " Get well ", "approved"),
        ("approve", "", "approved"), ("reject", "Not today", "rejected"),
    ):  # fmt: skip
        made = await asked(api)
        answer = await decide(api, made["id"], action, notes, as_="manager")
        assert (answer.status, answer.json["message"]) == (200, f"Permit {status}")
        after = answer.data
        assert after == {
            **made, "status": status, "notes": notes.strip() if notes else None,
            "decidedBy": "Manager Person", "decidedById": api.manager.user_id,
            "decidedAt": after["decidedAt"], "updatedAt": after["decidedAt"],
        }  # fmt: skip
        assert (await api.get(f"/api/permit/{made['id']}", as_="employee")).data == after
        [event] = await api.sql("SELECT * FROM event ORDER BY id DESC LIMIT 1")
        assert (event["type"], event["entity_id"]) == (f"permit_{status}", made["id"])
        assert (event["before"]["status"], event["after"]["status"]) == ("pending", status)
        assert event["actor_id"] == api.manager.user_id
        if status == "approved":
            await api.sql("UPDATE permit SET status = 'cancelled'")


async def test_who_decides_whose(api: Api) -> None:
    names = ("employee", "stranger", "manager", "hr", "admin")
    allowed = {
        "employee": set(),
        "stranger": set(),
        "outsider": set(),
        "manager": {"employee"},
        "hr": {"employee", "stranger", "manager", "admin"},
        "admin": {"employee", "stranger", "manager", "hr"},
    }
    number = 0
    for caller, targets in allowed.items():
        for name in names:
            number += 1
            made = await asked(
                api, name, date=f"2024-03-{number:02}" if number < 30 else "2024-04-01"
            )
            events = await api.events()
            for action, notes in (("reject", "No"), ("approve", None)):
                answer = await decide(api, made["id"], action, notes, as_=caller)
                if name not in targets:
                    assert (answer.status, answer.code) == (403, "not_allowed"), (caller, name)
                    assert await status_of(api, made["id"]) == "pending"
                    assert await api.events() == events
                elif action == "reject":
                    assert answer.data["status"] == "rejected", (caller, name)
                else:
                    assert answer.code == "already_decided"


async def test_nobody_decides_their_own_by_another_name_either(api: Api) -> None:
    """HR may ask for anybody: for oneself it is one's own all the same."""
    made = await asked(api, "hr", employeeId=api.hr.employee_id)
    assert (await decide(api, made["id"], as_="hr")).code == "not_allowed"
    assert (await decide(api, made["id"], as_="admin")).status == 200
    own = await asked(api, "hr", employeeId=api.admin.employee_id)
    assert (await decide(api, own["id"], as_="admin")).code == "not_allowed"


async def test_a_missing_one_is_missing_to_those_only_who_decide_all(api: Api) -> None:
    for caller, status in {"employee": 403, "manager": 403, "hr": 404, "admin": 404}.items():
        assert (await decide(api, MISSING, as_=caller)).status == status
    assert await api.events() == []


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "action"), ({"action": "maybe"}, "action"), ({"action": None}, "action"),
        ({"action": "reject"}, "notes"), ({"action": "reject", "notes": ""}, "notes"),
        ({"action": "reject", "notes": "  "}, "notes"),
        ({"action": "approve", "notes": "x" * 1001}, "notes"),
        ({"action": "approve", "notes": 1}, "notes"),
        ({"action": "approve", "status": "approved"}, "status"),
    ],
)  # fmt: skip
async def test_it_names_what_is_wrong(api: Api, body: dict[str, Any], field: str) -> None:
    made = await asked(api)
    answer = await api.post(f"/api/permit/approval/{made['id']}", body, as_="hr")
    assert (answer.status, answer.fields) == (400, {field})
    assert await api.events() == ["permit_applied"]


async def test_what_is_decided_stays_so(api: Api) -> None:
    async def closed(id_: int, status: str) -> None:
        events = await api.events()
        for action, notes in (("approve", None), ("reject", "No")):
            answer = await decide(api, id_, action, notes)
            assert (answer.status, answer.code) == (409, "already_decided")
            assert answer.json["data"] == {"id": id_, "status": status}
        assert await status_of(api, id_) == status
        assert await api.events() == events

    first, second, third = [await asked(api, date=f"2024-01-{day}") for day in (15, 16, 17)]
    await decide(api, first["id"])
    await decide(api, second["id"], "reject", "No")
    await cancel(api, third["id"])
    for made, status in ((first, "approved"), (second, "rejected"), (third, "cancelled")):
        await closed(made["id"], status)


async def test_the_queue_holds_what_waits_for_me_the_earliest_day_first(api: Api) -> None:
    later = await asked(api, date="2024-02-01")
    early = await asked(api, date="2024-01-15")
    done = await asked(api, date="2024-01-20")
    await decide(api, done["id"])
    gone = await asked(api, date="2024-01-21")
    await cancel(api, gone["id"])
    rest = {name: await asked(api, name) for name in ("manager", "stranger", "hr", "admin")}
    assert await found(api, "/api/permit/approval", "manager") == [early, later]
    for caller, other in (("hr", "admin"), ("admin", "hr")):
        expected = [early, rest["manager"], rest["stranger"], rest[other], later]
        waiting = await found(api, "/api/permit/approval", caller)
        assert sorted(row["id"] for row in waiting) == sorted(row["id"] for row in expected)
        assert waiting[-1] == later
    rows = await found(api, "/api/permit/approval?sort=-date&limit=1&type=sick", "hr")
    assert rows == [later]
    assert await found(api, "/api/permit/approval?status=approved", "hr") == []
    for caller in ("employee", "stranger", "outsider"):
        assert (await api.get("/api/permit/approval", as_=caller)).status == 403
    assert (await api.get("/api/permit/approval")).status == 401


async def test_of_fifty_decisions_at_once_one_is_made(api: Api, second: Api) -> None:
    for round_ in range(3):
        made = await asked(api, date=f"2024-06-{round_ + 1:02}")
        seconds: list[float] = []

        async def race(
            number: int, id_: int = made["id"], seconds: list[float] = seconds
        ) -> Answer:
            action, notes = (("approve", None), ("reject", "No"))[number % 2]
            server, caller = (api, second)[number % 3 == 0], ("hr", "admin", "manager")[number % 3]
            begun = time.monotonic()
            answer = await decide(server, id_, action, notes, as_=caller)
            seconds.append(time.monotonic() - begun)
            return answer

        answers = await asyncio.gather(*(race(number) for number in range(50)))
        assert sorted(answer.status for answer in answers) == [200] + [409] * 49
        [decided] = [answer for answer in answers if answer.status == 200]
        status = decided.data["status"]
        for answer in answers:
            if answer is not decided:
                assert answer.code == "already_decided"
                assert answer.json["data"] == {"id": made["id"], "status": status}
        assert await status_of(api, made["id"]) == status
        assert max(seconds) < 3
    events = [event for event in await api.events() if event != "permit_applied"]
    assert len(events) == 3


async def test_decisions_cancellations_and_applications_at_once_end_in_order(api: Api) -> None:
    for round_ in range(5):
        day = f"2024-07-{round_ + 1:02}"
        made = await asked(api, date=day)
        answers = await asyncio.gather(
            *(decide(api, made["id"]) for _ in range(5)),
            *(cancel(api, made["id"]) for _ in range(5)),
            *(ask(api, date=day) for _ in range(5)),
        )
        assert {answer.status for answer in answers} <= {200, 201, 409}
        types = await api.sql(
            "SELECT type FROM event WHERE entity_id = %(id)s ORDER BY id", id=made["id"]
        )
        assert [row["type"] for row in types] in (
            ["permit_applied", "permit_approved"],  # a day that is over is not cancelled
            ["permit_applied", "permit_cancelled"],
        )
    clashes = await api.sql(
        "SELECT 1 FROM permit a JOIN permit b ON a.id < b.id AND a.span && b.span"
        " WHERE a.status IN ('pending', 'approved') AND b.status IN ('pending', 'approved')"
    )
    assert clashes == []
