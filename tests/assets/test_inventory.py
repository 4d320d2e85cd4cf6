"""The inventory: /api/asset-management/inventory, /config."""

from xml.etree import ElementTree

import pytest

from tests.api import Api
from tests.assets.factories import EXAMPLE, INVENTORY, asset, assign
from tests.factories import found

CONFIG = "/api/asset-management/config"


async def test_the_documented_example_makes_an_asset(api: Api) -> None:
    answer = await api.post(INVENTORY, EXAMPLE, as_="admin")
    assert answer.status == 201
    assert {name: answer.data[name] for name in EXAMPLE} == EXAMPLE
    assert answer.data["status"] == "active"
    assert answer.data["assignedTo"] is None
    assert await api.events() == ["asset_config_created", "asset_created"]


async def test_the_documented_filters_find_it(api: Api) -> None:
    laptop = await asset(api)
    phone = await asset(api, category="phone")
    await assign(api, phone["id"], api.employee.employee_id)
    for query, expected in [
        ("status=active", [laptop["id"], phone["id"]]),
        ("status=maintenance", []),
        ("category=laptop", [laptop["id"]]),
        ("category=LAPTOP", [laptop["id"]]),
        (f"assignedTo={api.employee.employee_id}", [phone["id"]]),
        (f"search={phone['assetCode'].lower()}", [phone["id"]]),
        ("search=%25", []),
    ]:
        rows = await found(api, f"{INVENTORY}?{query}")
        assert [row["id"] for row in rows] == expected, query


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("status", "maintenance"),
        ("status", "broken"),
        ("value", -1),
        ("value", "2000"),
        ("value", True),
        ("purchaseDate", "2024-1-1"),
        ("category", ""),
    ],
)
async def test_it_refuses_what_cannot_be(api: Api, field: str, value: object) -> None:
    answer = await api.post(INVENTORY, EXAMPLE | {field: value}, as_="admin")
    assert (answer.status, answer.fields) == (400, {field})
    assert await api.events() == []


@pytest.mark.parametrize(
    ("field", "code"),
    [("assetCode", "asset_code_taken"), ("serialNumber", "serial_number_taken")],
)
async def test_codes_and_serial_numbers_are_unique_whatever_their_case(
    api: Api, field: str, code: str
) -> None:
    await api.post(INVENTORY, EXAMPLE, as_="admin")
    other = {"assetCode": "OTHER", "name": "Other", "category": "laptop"}
    answer = await api.post(INVENTORY, other | {field: str(EXAMPLE[field]).lower()}, as_="admin")
    assert (answer.status, answer.code, answer.fields) == (409, code, {field})


async def test_a_deleted_assets_code_is_free_again(api: Api) -> None:
    first = (await api.post(INVENTORY, EXAMPLE, as_="admin")).data
    assert (await api.delete(f"{INVENTORY}/{first['id']}", as_="admin")).status == 200
    assert (await api.get(f"{INVENTORY}/{first['id']}", as_="admin")).status == 404
    assert (await api.post(INVENTORY, EXAMPLE, as_="admin")).status == 201


async def test_money_is_rounded_half_up_at_the_cent(api: Api) -> None:
    for sent, kept in [(0.285, 0.29), (1.005, 1.01), (10, 10), (999_999_999_999.99,) * 2]:
        assert (await asset(api, value=sent))["value"] == kept


@pytest.mark.parametrize(
    ("attributes", "worth"),
    [
        ({}, 2400),
        ({"depreciationMonths": 24}, 1200),
        ({"depreciationMonths": 24, "residualPercent": 10}, 1320),
        ({"depreciationMonths": 12, "residualPercent": 10}, 240),
        ({"depreciationMonths": 7}, 0),
        ({"depreciationMonths": 7, "residualPercent": 10}, 240),
    ],
)
async def test_the_book_value_falls_in_a_straight_line_to_the_residual(
    api: Api, now, attributes: dict[str, int], worth: float
) -> None:
    now.set(2025, 1, 20, 12)
    body = {"kind": "category", "key": "laptop", "name": "Laptop", "attributes": attributes}
    assert (await api.post(CONFIG, body, as_="admin")).status == 201
    made = await asset(api, value=2400, purchaseDate="2024-01-20")
    assert made["bookValue"] == worth


async def test_what_is_still_to_be_bought_is_worth_its_price(api: Api, now) -> None:
    now.set(2024, 1, 20, 12)
    body = {"kind": "category", "key": "laptop", "name": "Laptop"}
    await api.post(CONFIG, body | {"attributes": {"depreciationMonths": 12}}, as_="admin")
    for bought, worth in [("2024-06-20", 2400), ("2024-01-21", 2400), ("2023-12-20", 2200)]:
        assert (await asset(api, value=2400, purchaseDate=bought))["bookValue"] == worth, bought


async def test_who_may_manage_assets_sees_all_of_them_and_what_they_cost(api: Api) -> None:
    made = await asset(api, value=2000)
    path = f"/api/users/{api.stranger.user_id}"
    assert (await api.get(f"{INVENTORY}/{made['id']}", as_="stranger")).status == 403
    await api.put(path, {"permissions": ["assets:manage"]}, as_="admin")
    assert (await api.get(f"{INVENTORY}/{made['id']}", as_="stranger")).data["value"] == 2000
    assert (await api.get(f"{INVENTORY}/{2**31 - 1}", as_="stranger")).status == 404


async def test_what_it_cost_is_for_those_who_manage(api: Api) -> None:
    made = await asset(api, value=2000, purchaseDate="2024-01-01", vendor="Apple")
    await assign(api, made["id"], api.employee.employee_id)
    for name, sees in [("hr", True), ("admin", True), ("manager", False), ("employee", False)]:
        one = (await api.get(f"{INVENTORY}/{made['id']}", as_=name)).data
        [listed] = await found(api, INVENTORY, as_=name)
        for shown in (one, listed):
            hidden = {"value", "purchaseDate", "bookValue", "vendor"}
            assert hidden <= shown.keys() if sees else not hidden & shown.keys(), name
        # The order would reveal the dates.
        answer = await api.get(f"{INVENTORY}?sort=purchaseDate", as_=name)
        assert answer.status == (200 if sees else 400), name


async def test_those_who_do_not_see_the_cost_are_shown_the_summary_and_nothing_else(
    api: Api,
) -> None:
    made = await asset(api, value=2000, purchaseDate="2024-01-01", vendor="Apple")
    await assign(api, made["id"], api.employee.employee_id)
    summary = {"id", "assetCode", "name", "category", "serialNumber", "status", "location",
               "warrantyUntil", "notes", "assignedTo", "assignedToName", "assignDate", "createdAt",
               "updatedAt"}  # fmt: skip
    for name in ("manager", "employee"):
        one = (await api.get(f"{INVENTORY}/{made['id']}", as_=name)).data
        [listed] = await found(api, INVENTORY, as_=name)
        assert one.keys() == listed.keys() == summary, name


async def test_a_filter_on_somebody_elses_things_is_refused(api: Api) -> None:
    for name, whose, status in [
        ("employee", api.employee, 200),
        ("employee", api.stranger, 403),
        ("manager", api.employee, 200),
        ("manager", api.stranger, 403),
        ("hr", api.stranger, 200),
    ]:
        query = f"assignedTo={whose.employee_id}"
        assert (await api.get(f"{INVENTORY}?{query}", as_=name)).status == status, (name, query)


async def test_config_in_use_stays(api: Api) -> None:
    made = await asset(api, location="Store", vendor="Apple")
    for row in await found(api, CONFIG):
        answer = await api.delete(f"{CONFIG}/{row['id']}", as_="admin")
        assert (answer.status, answer.code) == (409, "in_use"), row
    await api.delete(f"{INVENTORY}/{made['id']}", as_="admin")
    for row in await found(api, CONFIG):
        assert (await api.delete(f"{CONFIG}/{row['id']}", as_="admin")).status == 200, row


async def test_a_category_is_found_by_key_or_name_whatever_its_case(api: Api) -> None:
    body = {"kind": "category", "key": "laptop", "name": "Portable Computer"}
    await api.post(CONFIG, body, as_="admin")
    for word in ("laptop", "LAPTOP", "portable computer"):
        assert (await asset(api, category=word))["category"] == "laptop"
    assert len(await found(api, CONFIG)) == 1


async def test_a_category_that_was_deleted_is_made_anew(api: Api) -> None:
    made = await asset(api, category="laptop")
    await api.delete(f"{INVENTORY}/{made['id']}", as_="admin")
    [old] = await found(api, CONFIG)
    assert (await api.delete(f"{CONFIG}/{old['id']}", as_="admin")).status == 200
    assert (await asset(api, category="laptop"))["category"] == "laptop"
    [new] = await found(api, CONFIG)
    assert new["id"] != old["id"]


async def test_a_label_is_a_picture_of_the_code(api: Api) -> None:
    made = await asset(api, assetCode="A<1>&", name="Bits & Pieces")
    answer = await api.get(f"{INVENTORY}/{made['id']}/label.svg", as_="hr")
    assert answer.status == 200
    assert answer.headers["Content-Type"].startswith("image/svg+xml")
    policy = answer.headers["Content-Security-Policy"].split(";")
    assert {"default-src 'none'", "sandbox"} <= set(policy)
    text = answer.body.decode()
    assert "A&lt;1&gt;&amp;" in text
    assert "Bits &amp; Pieces" in text
    assert ElementTree.fromstring(text).tag.endswith("svg")
