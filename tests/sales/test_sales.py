"""Sales: /api/sales."""

import asyncio
from collections import Counter
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sunshine.core.errors import Invalid
from sunshine.modules.sales.sales import _check_total
from tests.api import Api
from tests.conftest import Now
from tests.factories import found, refused, steps

PATH = "/api/sales"


def example(api: Api, **changes: Any) -> dict[str, Any]:
    """The documentation's own, sold by the employee of the cast."""
    return {
        "customerId": 123,
        "items": [{"productId": 456, "quantity": 2, "price": 100}],
        "total": 200,
        "salesPerson": api.employee.employee_id,
        "date": "2024-01-15",
    } | changes


async def test_the_documented_example_records_a_sale(api: Api) -> None:
    body = example(api)
    answer = await api.post(PATH, body, as_="employee")
    assert answer.status == 201
    items = [{"productId": 456, "quantity": 2, "price": 100, "amount": 200}]
    assert {name: answer.data[name] for name in body} == body | {"items": items}
    assert b'"total":200,' in answer.body
    assert (await api.get(f"{PATH}/{answer.data['id']}", as_="employee")).data == answer.data
    assert await api.events() == ["sale_created"]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"total": 199.99}, "total"),
        ({"total": 200.01}, "total"),
        ({"items": []}, "items"),
        ({"items": [{"productId": 1, "quantity": 0, "price": 1}], "total": 0}, "items"),
        ({"items": [{"productId": 1, "quantity": 1, "price": -1}], "total": 0}, "items"),
        ({"items": [{"productId": 1, "quantity": 1.5, "price": 2}], "total": 3}, "items"),
        ({"items": [{"productId": 1, "quantity": 1}], "total": 3}, "items"),
        ({"customerId": 0}, "customerId"),
        ({"date": "15-01-2024"}, "date"),
    ],
)
async def test_it_refuses_what_does_not_add_up(
    api: Api, change: dict[str, Any], field: str
) -> None:
    answer = await api.post(PATH, example(api, **change), as_="employee")
    assert answer.status == 400
    assert {name.partition(".")[0] for name in answer.fields} == {field}
    assert await api.events() == []
    assert await api.sql("SELECT 1 FROM sale") == []


async def test_a_wrong_total_is_told_with_the_right_one(api: Api) -> None:
    answer = await api.post(PATH, example(api, total=250), as_="employee")
    assert answer.code == "total_mismatch"
    assert "250" in answer.json["errors"][0]["message"]
    assert "200" in answer.json["errors"][0]["message"]


async def test_cents_add_up_exactly(api: Api) -> None:
    items = [{"productId": n, "quantity": 3, "price": 0.1} for n in range(1, 11)]
    answer = await api.post(PATH, example(api, items=items, total=3), as_="employee")
    assert (answer.status, answer.data["total"]) == (201, 3)


@pytest.mark.parametrize(
    ("who", "whose", "status"),
    [
        ("employee", "employee", 201),
        ("employee", "stranger", 403),
        ("manager", "employee", 201),
        ("manager", "stranger", 403),
        ("hr", "hr", 201),
        ("hr", "employee", 403),
        ("admin", "stranger", 201),
        ("outsider", None, 403),
    ],
)
async def test_people_record_for_whom_they_reach(
    api: Api, who: str, whose: str | None, status: int
) -> None:
    body = example(api)
    if whose:
        body["salesPerson"] = api.cast[whose].employee_id
    else:
        del body["salesPerson"]
    assert (await api.post(PATH, body, as_=who)).status == status


async def test_a_sale_of_nobody_named_is_ones_own_and_of_today(api: Api, now: Now) -> None:
    now.set(2024, 6, 1, 23)
    body = example(api)
    del body["salesPerson"], body["date"]
    answer = await api.post(PATH, body, as_="stranger")
    assert (answer.data["salesPerson"], answer.data["date"]) == (
        api.stranger.employee_id, "2024-06-01",
    )  # fmt: skip
    user = f"/api/users/{api.outsider.user_id}"
    await api.put(user, {"permissions": ["sales:manage"]}, as_="admin")
    assert (await api.post(PATH, body, as_="outsider")).status == 403


async def test_people_see_whom_they_reach(api: Api) -> None:
    for name in ("employee", "stranger", "manager"):
        whose = api.cast[name].employee_id
        await api.post(PATH, example(api, salesPerson=whose), as_="admin")
    for name, count in [("employee", 1), ("manager", 2), ("hr", 0), ("admin", 3)]:
        assert len(await found(api, PATH, as_=name)) == count, name
    for name, status in [("employee", 403), ("manager", 403), ("admin", 200)]:
        query = f"?salesPerson={api.stranger.employee_id}"
        assert (await api.get(PATH + query, as_=name)).status == status
        assert (await api.get(f"{PATH}/report{query}", as_=name)).status == status


async def test_it_is_found_by_the_documented_filters(api: Api) -> None:
    first = (await api.post(PATH, example(api), as_="admin")).data
    second = (await api.post(PATH, example(api, date="2024-02-01", customerId=9), as_="admin")).data
    for query, expected in [
        ("startDate=2024-01-15&endDate=2024-01-15", [first["id"]]),
        ("startDate=2024-01-16", [second["id"]]),
        ("customerId=9", [second["id"]]),
        ("", [second["id"], first["id"]]),
    ]:
        rows = await found(api, f"{PATH}?{query}")
        assert [row["id"] for row in rows] == expected, query


async def test_who_manages_sales_changes_voids_and_deletes_them(api: Api) -> None:
    made = (await api.post(PATH, example(api), as_="employee")).data
    path = f"{PATH}/{made['id']}"
    assert (await api.put(path, {"notes": "x"}, as_="employee")).status == 403
    wrong = await api.put(path, {"total": 300}, as_="admin")
    assert (wrong.status, wrong.code) == (400, "total_mismatch")
    items = [{"productId": 1, "quantity": 3, "price": 100}]
    changed = await api.put(path, {"total": 300, "items": items}, as_="admin")
    assert [item["amount"] for item in changed.data["items"]] == [300]
    assert (await api.post(f"{path}/void", {}, as_="admin")).fields == {"reason"}
    voided = await api.post(f"{path}/void", {"reason": "returned"}, as_="admin")
    assert (voided.data["status"], voided.data["voidReason"]) == ("void", "returned")
    assert (await api.put(path, {"notes": "x"}, as_="admin")).code == "sale_void"
    assert (await api.delete(path, as_="admin")).status == 200
    assert (await api.get(path, as_="admin")).status == 404
    assert await api.events() == ["sale_created", "sale_updated", "sale_voided", "sale_deleted"]


async def test_what_is_sent_is_merged(api: Api) -> None:
    made = (await api.post(PATH, example(api), as_="employee")).data
    path = f"{PATH}/{made['id']}"
    whose = api.stranger.employee_id
    changed = (await api.put(path, {"salesPerson": whose, "notes": "x"}, as_="admin")).data
    assert (changed["salesPersonName"], changed["notes"]) == ("Stranger Person", "x")
    same = ("salesPerson", "salesPersonName", "notes", "updatedAt")
    assert all(changed[name] == made[name] for name in made if name not in same)
    items = [{"productId": 1, "quantity": 1, "price": 1}]
    for change, field in [
        ({"items": items}, "total"),
        ({"total": 200.01}, "total"),
        ({"salesPerson": 2**31 - 1}, "salesPerson"),
        ({"items": []}, "items"),
        ({"status": "void"}, "status"),
    ]:
        assert (await api.put(path, change, as_="admin")).fields == {field}
    assert (await api.put(path, {"total": 200}, as_="admin")).data == changed
    assert (await api.get(path, as_="employee")).status == 403
    assert await api.events() == ["sale_created", "sale_updated"]


async def test_items_keep_their_order(api: Api) -> None:
    items = [{"productId": n, "quantity": n, "price": 0.5} for n in (3, 1, 2)]
    made = (await api.post(PATH, example(api, items=items, total=3), as_="employee")).data
    assert [item["productId"] for item in made["items"]] == [3, 1, 2]
    items = items[::-1]
    changed = await api.put(f"{PATH}/{made['id']}", {"items": items}, as_="admin")
    assert [item["productId"] for item in changed.data["items"]] == [2, 1, 3]


async def test_what_is_deleted_or_missing_is_nowhere(api: Api) -> None:
    made = (await api.post(PATH, example(api), as_="employee")).data
    await api.delete(f"{PATH}/{made['id']}", as_="admin")
    await api.sql("DELETE FROM event")
    for id_ in (made["id"], 2**31 - 1):
        path = f"{PATH}/{id_}"
        for answer in (
            await api.get(path, as_="admin"),
            await api.put(path, {"notes": "x"}, as_="admin"),
            await api.delete(path, as_="admin"),
            await api.post(f"{path}/void", {"reason": "x"}, as_="admin"),
        ):
            await refused(api, answer, 404, "not_found")
        await refused(api, await api.get(path, as_="employee"), 403, "not_allowed")
    assert await found(api, PATH) == []
    assert (await api.get(f"{PATH}/report", as_="admin")).data["count"] == 0


async def test_who_has_left_has_sold_nothing_since(api: Api) -> None:
    gone = api.stranger.employee_id
    await api.sql("UPDATE employee SET deleted_at = now() WHERE id = %(id)s", id=gone)
    answer = await api.post(PATH, example(api, salesPerson=gone), as_="admin")
    assert (answer.status, answer.fields) == (400, {"salesPerson"})


async def test_a_grant_lets_somebody_manage_or_read_all_sales(api: Api) -> None:
    made = (await api.post(PATH, example(api), as_="admin")).data
    path, user = f"{PATH}/{made['id']}", f"/api/users/{api.stranger.user_id}"
    for grant, reads, records in [("sales:read:all", 200, 403), ("sales:manage", 200, 201)]:
        await api.put(user, {"permissions": [grant]}, as_="admin")
        assert (await api.get(path, as_="stranger")).status == reads
        assert (await api.post(PATH, example(api), as_="stranger")).status == records
    assert (await api.post(f"{path}/void", {"reason": "x"}, as_="stranger")).status == 200


async def test_what_is_void_says_who_and_why(api: Api, now: Now) -> None:
    now.set(2024, 2, 1, 12)
    made = (await api.post(PATH, example(api), as_="employee")).data
    other = (await api.post(PATH, example(api), as_="employee")).data
    assert (made["voidReason"], made["voidedAt"], made["voidedBy"]) == (None, None, None)
    voided = (await api.post(f"{PATH}/{made['id']}/void", {"reason": "x"}, as_="admin")).data
    assert voided == made | {
        "status": "void",
        "voidReason": "x",
        "voidedAt": "2024-02-01T12:00:00Z",
        "voidedBy": "Admin Person",
    }
    again = await api.post(f"{PATH}/{made['id']}/void", {"reason": "y"}, as_="admin")
    assert (again.status, again.code, again.json["data"]) == (409, "sale_void", voided)
    assert await found(api, f"{PATH}?status=void") == [voided]
    assert await found(api, f"{PATH}?status=completed") == [other]
    [event] = await api.sql("SELECT before, after FROM event WHERE type = 'sale_voided'")
    assert event == {
        "before": {"status": "completed", "voidReason": None},
        "after": {"status": "void", "voidReason": "x"},
    }


_item = st.tuples(st.integers(1, 1000), st.decimals(0, 99_999, places=2, allow_nan=False))


@given(st.lists(_item, min_size=1, max_size=8), st.sampled_from(["0", "0.01", "-0.01"]))
def test_a_total_is_right_to_the_cent_or_refused(
    lines: list[tuple[int, Decimal]], off: str
) -> None:
    items = [{"productId": 1, "quantity": quantity, "price": price} for quantity, price in lines]
    total = sum((quantity * price for quantity, price in lines), Decimal(0)) + Decimal(off)
    if off == "0":
        _check_total(items, total)
    else:
        with pytest.raises(Invalid):
            _check_total(items, total)


async def test_of_twenty_who_void_it_at_once_one_does(api: Api) -> None:
    made = (await api.post(PATH, example(api), as_="employee")).data
    path, body = f"{PATH}/{made['id']}/void", {"reason": "twice"}
    answers = await asyncio.gather(*(api.post(path, body, as_="admin") for _ in range(20)))
    assert Counter(answer.status for answer in answers) == {200: 1, 409: 19}
    assert (await api.events()).count("sale_voided") == 1


async def test_changes_follow_one_another(api: Api) -> None:
    made = (await api.post(PATH, example(api), as_="employee")).data
    path = f"{PATH}/{made['id']}"
    changes = [api.put(path, {"notes": str(n)}, as_="admin") for n in range(10)]
    assert {answer.status for answer in await asyncio.gather(*changes)} == {200}
    values = await steps(api, "sale_updated", "notes")
    assert (len(values), values[0]) == (11, None)
    answers = await asyncio.gather(*(api.delete(path, as_="admin") for _ in range(5)))
    assert Counter(answer.status for answer in answers) == {200: 1, 404: 4}
    assert (await api.events()).count("sale_deleted") == 1
