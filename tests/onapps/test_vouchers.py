"""Vouchers: /api/onapps/vouchers, validating and redeeming them."""

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tornado.ioloop import IOLoop

from sunshine.core.settings import Settings
from sunshine.modules.onapps.redemptions import discount_of
from sunshine.modules.onapps.rows import DiscountRow
from tests.api import Api
from tests.conftest import Now, serve
from tests.factories import found, refused
from tests.onapps.factories import EXAMPLE, VOUCHERS, redeem, validate, voucher

INVALID = {"success": True, "valid": False, "discount": 0, "message": "Voucher is not valid",
           "reason": "invalid"}  # fmt: skip


async def test_the_documented_examples_make_and_validate_a_voucher(api: Api, now) -> None:
    now.set(2024, 6, 1, 12)
    answer = await api.post(VOUCHERS, EXAMPLE, as_="admin")
    assert answer.status == 201
    assert {name: answer.data[name] for name in EXAMPLE} == EXAMPLE
    body = {"code": "SAVE20", "orderAmount": 150}
    answer = await api.post(f"{VOUCHERS}/validate", body, as_="employee")
    assert answer.body == (
        b'{"success":true,"valid":true,"discount":30,"finalAmount":120,'
        b'"message":"Voucher applied successfully"}'
    )
    assert await api.events() == ["voucher_created"]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"discountValue": 0}, "discountValue"),
        ({"discountValue": 100.01}, "discountValue"),
        ({"discountType": "gift"}, "discountType"),
        ({"validUntil": "2023-12-31"}, "validUntil"),
        ({"usageLimit": 0}, "usageLimit"),
        ({"code": "HAS SPACE"}, "code"),
        ({"code": ""}, "code"),
        ({"used": 3}, "used"),
    ],
)
async def test_it_refuses_what_cannot_be(api: Api, change: dict[str, Any], field: str) -> None:
    answer = await api.post(VOUCHERS, EXAMPLE | change, as_="admin")
    assert (answer.status, answer.fields) == (400, {field})
    assert await api.events() == []


async def test_codes_are_upper_case_unique_and_stay(api: Api) -> None:
    made = await voucher(api, code="Save-20")
    assert made["code"] == "SAVE-20"
    again = await api.post(VOUCHERS, EXAMPLE | {"code": "save-20"}, as_="admin")
    assert (again.status, again.code) == (409, "code_taken")
    path = f"{VOUCHERS}/{made['id']}"
    assert (await api.put(path, {"code": "OTHER"}, as_="admin")).fields == {"code"}
    assert (await api.delete(path, as_="admin")).status == 200
    assert (await api.post(VOUCHERS, EXAMPLE | {"code": "save-20"}, as_="admin")).status == 201


async def test_the_limit_never_falls_below_what_is_used(api: Api) -> None:
    made = await voucher(api, usageLimit=5)
    for number in range(3):
        assert (await redeem(api, "SAVE20", 10, f"o-{number}")).status == 200
    path = f"{VOUCHERS}/{made['id']}"
    assert (await api.put(path, {"usageLimit": 2}, as_="admin")).fields == {"usageLimit"}
    assert (await api.put(path, {"usageLimit": 3}, as_="admin")).data["used"] == 3


@pytest.mark.parametrize(
    ("fields", "amount", "discount"),
    [
        ({}, 150, 30),
        ({"maxDiscount": 25}, 150, 25),
        ({"discountValue": 33.33}, 0.05, 0.02),
        ({"discountValue": 50}, 0.01, 0.01),
        ({"discountType": "fixed", "discountValue": 200}, 150, 150),
        ({"discountType": "fixed", "discountValue": 40}, 150, 40),
        ({"discountType": "fixed", "discountValue": 40, "maxDiscount": 10}, 150, 40),
        ({"minPurchase": 150}, 150, 30),
    ],
)
async def test_the_discount_is_right(
    api: Api, fields: dict[str, Any], amount: float, discount: float
) -> None:
    await voucher(api, **fields)
    told = await validate(api, "save20", amount)
    assert (told["valid"], told["discount"]) == (True, discount)
    assert told["finalAmount"] == float(Decimal(str(amount)) - Decimal(str(discount)))


async def test_unknown_and_ended_and_switched_off_look_the_same(api: Api, now) -> None:
    now.set(2024, 6, 1, 12)
    await voucher(api, code="ENDED", validUntil="2024-05-31")
    await voucher(api, code="NOTYET", validFrom="2024-06-02")
    await voucher(api, code="OFF", active=False)
    for code in ("UNKNOWN", "ENDED", "NOTYET", "OFF"):
        assert await validate(api, code, 150) == INVALID | {"finalAmount": 150}
        refused = await redeem(api, code, 150, "o-1")
        assert (refused.status, refused.code) == (409, "voucher_invalid")
    await voucher(api, code="LASTDAY", validFrom="2024-06-01", validUntil="2024-06-01")
    assert (await validate(api, "LASTDAY", 150))["valid"] is True


async def test_validating_consumes_nothing_and_redeeming_does(api: Api) -> None:
    await voucher(api, usageLimit=1, minPurchase=100)
    for _ in range(3):
        assert (await validate(api, "SAVE20", 100))["valid"] is True
    few = await validate(api, "SAVE20", 99.99)
    assert (few["valid"], few["reason"], few["finalAmount"]) == (False, "min_purchase", 99.99)
    assert (await redeem(api, "SAVE20", 99.99, "o-0")).code == "voucher_min_purchase"
    used = await redeem(api, "SAVE20", 100, "o-1")
    assert (used.status, used.data["discount"], used.data["finalAmount"]) == (200, 20, 80)
    assert (await validate(api, "SAVE20", 100))["reason"] == "used_up"
    assert (await redeem(api, "SAVE20", 100, "o-2")).code == "voucher_used_up"
    again = await redeem(api, "SAVE20", 100, "o-1")
    assert (again.status, again.code, again.json["data"]["id"]) == (
        409, "already_redeemed", used.data["id"],
    )  # fmt: skip
    assert await api.sql("SELECT used FROM voucher") == [{"used": 1}]


@pytest.fixture
def jakarta(settings: Settings, io_loop: IOLoop, _now: Now, api: Api) -> Iterator[Api]:
    """A server of a company in Jakarta, on the same databases."""
    policy = replace(settings.policy, timezone=ZoneInfo("Asia/Jakarta"))
    for server in serve(replace(settings, policy=policy), io_loop, _now):
        server.cast = api.cast
        yield server


async def test_the_window_is_of_the_days_where_the_business_is(jakarta: Api, now: Now) -> None:
    await voucher(jakarta, validFrom="2024-06-01", validUntil="2024-06-02")
    for instant, valid in [
        ((2024, 5, 31, 16, 59), False),
        ((2024, 5, 31, 17), True),
        ((2024, 6, 2, 16, 59), True),
        ((2024, 6, 2, 17), False),
    ]:
        now.set(*instant)
        assert (await validate(jakarta, "SAVE20", 100))["valid"] is valid, instant
        answer = await redeem(jakarta, "SAVE20", 100, str(instant))
        assert answer.status == (200 if valid else 409), instant


async def test_what_cannot_be_redeemed_leaves_nothing_behind(api: Api) -> None:
    made = await voucher(api, minPurchase=100, usageLimit=1, perCustomerLimit=1)
    await api.sql("DELETE FROM event")
    for code, amount, ref, customer, reason in [
        ("OTHER", 100, "o-1", 1, "voucher_invalid"),
        ("SAVE20", 99.99, "o-1", 1, "voucher_min_purchase"),
        ("SAVE20", 100, "o-1", None, "voucher_customer_required"),
    ]:
        answer = await redeem(api, code, amount, ref, customerId=customer)
        await refused(api, answer, 409, reason)
    assert await api.sql("SELECT used FROM voucher") == [{"used": 0}]
    assert await api.sql("SELECT 1 FROM voucher_redemption") == []
    used = (await redeem(api, "save20", 100, "o-1", customerId=1)).data
    told = await validate(api, "SAVE20", 100, customerId=1)
    assert (told["reason"], told["message"]) == ("used_up", "Voucher has been used up")
    await api.put(f"{VOUCHERS}/{made['id']}", {"usageLimit": None}, as_="admin")
    again = await redeem(api, "SAVE20", 100, "o-2", customerId=1)
    assert (again.status, again.code) == (409, "voucher_customer_limit")
    await api.post(f"{VOUCHERS}/redemptions/{used['id']}/release", as_="admin")
    assert (await redeem(api, "SAVE20", 100, "o-2", customerId=1)).status == 200


async def test_a_redemption_says_what_it_was_for(api: Api, now: Now) -> None:
    now.set(2024, 6, 1, 12)
    made = await voucher(api)
    first = (await redeem(api, "SAVE20", 150, "o-1", customerId=7)).data
    assert first == {
        "id": first["id"],
        "voucherId": made["id"],
        "code": "SAVE20",
        "orderRef": "o-1",
        "customerId": 7,
        "orderAmount": 150,
        "discount": 30,
        "finalAmount": 120,
        "redeemedBy": "Employee Person",
        "redeemedAt": "2024-06-01T12:00:00Z",
        "releasedAt": None,
    }
    second = (await redeem(api, "SAVE20", 10, "o-2")).data
    await redeem(api, (await voucher(api, code="OTHER"))["code"], 10, "o-3")
    path = f"{VOUCHERS}/{made['id']}/redemptions"
    assert await found(api, path) == [second, first]
    assert (await api.get(path, as_="employee")).status == 403
    released = await api.post(f"{VOUCHERS}/redemptions/{first['id']}/release", as_="admin")
    assert released.data == first | {"releasedAt": "2024-06-01T12:00:00Z"}
    again = await api.post(f"{VOUCHERS}/redemptions/{first['id']}/release", as_="admin")
    assert (again.code, again.json["data"]) == ("already_released", released.data)
    missing = await api.post(f"{VOUCHERS}/redemptions/{2**31 - 1}/release", as_="admin")
    assert (missing.status, missing.code) == (404, "not_found")
    events = await api.events()
    assert events.count("voucher_redeemed") == 3
    assert events.count("voucher_released") == 1


async def test_vouchers_are_changed_found_and_deleted(api: Api) -> None:
    made = await voucher(api, code="SUMMER", description="Hot days")
    other = await voucher(api, code="WINTER", active=False, public=True)
    assert made.items() >= {
        "minPurchase": 0, "active": True, "public": False, "used": 0, "validFrom": None,
    }.items()  # fmt: skip
    for query, rows in [
        ("search=hot", [made]),
        ("search=WINT", [other]),
        ("active=true", [made]),
        ("public=true", [other]),
        ("sort=-code", [other, made]),
    ]:
        assert await found(api, f"{VOUCHERS}?{query}") == rows, query
    path = f"{VOUCHERS}/{made['id']}"
    await api.sql("DELETE FROM event")
    for change, field in [
        ({"discountValue": 101}, "discountValue"),
        ({"validFrom": "2024-02-01", "validUntil": "2024-01-31"}, "validUntil"),
    ]:
        assert (await api.put(path, change, as_="admin")).fields == {field}
    assert await api.events() == []
    changed = (await api.put(path, {"discountValue": 25, "maxDiscount": 5}, as_="admin")).data
    assert (changed["discountValue"], changed["maxDiscount"]) == (25, 5)
    assert (await validate(api, "SUMMER", 100))["discount"] == 5
    await api.put(path, {"discountValue": 25}, as_="admin")
    assert (await api.delete(path, as_="admin")).status == 200
    assert (await api.delete(path, as_="admin")).status == 404
    assert (await api.put(path, {"active": False}, as_="admin")).status == 404
    assert await validate(api, "SUMMER", 100) == INVALID | {"finalAmount": 100}
    assert (await redeem(api, "SUMMER", 100, "o-1")).code == "voucher_invalid"
    assert await api.events() == ["voucher_updated", "voucher_deleted"]


async def test_amounts_are_shown_without_idle_zeros(api: Api) -> None:
    await voucher(api, minPurchase=100)
    for amount, shown in [(150, b"120"), (150.5, b"120.40"), (99, b"99"), (99.5, b"99.50")]:
        body = {"code": "SAVE20", "orderAmount": amount}
        answer = await api.post(f"{VOUCHERS}/validate", body, as_="employee")
        assert b'"finalAmount":' + shown + b"," in answer.body


_amounts = st.decimals(0, 1_000_000, places=2, allow_nan=False)


@given(
    kind=st.sampled_from(["percentage", "fixed"]),
    value=st.decimals("0.01", 100, places=2, allow_nan=False),
    cap=st.none() | _amounts,
    amount=_amounts | st.decimals(0, 1, places=2, allow_nan=False),
)
def test_no_discount_is_above_the_amount_nor_its_cap(
    kind: str, value: Decimal, cap: Decimal | None, amount: Decimal
) -> None:
    row = DiscountRow(discountType=kind, discountValue=value, maxDiscount=cap)
    discount = discount_of(row, amount)
    assert 0 <= discount <= amount
    assert discount == discount.quantize(Decimal("0.01"))
    if kind == "fixed":
        assert discount == min(value, amount)
        return
    # In whole numbers: hundredths of a cent of a cent, half of them upwards.
    cents = (int(amount * 100) * int(value * 100) + 5000) // 10_000
    assert discount == min(Decimal(cents) / 100, amount, amount if cap is None else cap)
