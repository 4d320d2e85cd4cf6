"""Vouchers: /api/onapps/vouchers, validating and redeeming them."""

import asyncio
from collections import Counter
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sunshine.rules.onapps_redemptions import discount_of
from tests.api import Api
from tests.onapps.vouchers import EXAMPLE, VOUCHERS, redeem, validate, voucher

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


async def test_a_release_gives_exactly_one_back(api: Api) -> None:
    await voucher(api, usageLimit=1)
    used = (await redeem(api, "SAVE20", 100, "o-1")).data
    path = f"{VOUCHERS}/redemptions/{used['id']}/release"
    assert (await api.post(path, as_="employee")).status == 403
    answers = await asyncio.gather(*(api.post(path, as_="admin") for _ in range(10)))
    assert Counter(answer.status for answer in answers) == {200: 1, 409: 9}
    assert await api.sql("SELECT used FROM voucher") == [{"used": 0}]
    assert (await redeem(api, "SAVE20", 100, "o-1")).status == 200


async def test_of_two_hundred_redeemers_ten_get_the_ten(api: Api) -> None:
    for number in range(2):
        code = f"TEN{number}"
        made = await voucher(api, code=code, usageLimit=10)
        answers = await asyncio.gather(*(redeem(api, code, 100, f"o-{n}") for n in range(200)))
        assert Counter(answer.status for answer in answers) == {200: 10, 409: 190}
        [row] = await api.sql(
            "SELECT used, (SELECT count(*) FROM voucher_redemption r WHERE r.voucher_id = v.id)"
            " AS rows FROM voucher v WHERE id = %(id)s",
            id=made["id"],
        )
        assert row == {"used": 10, "rows": 10}


async def test_one_order_redeems_once_however_often_it_asks(api: Api) -> None:
    await voucher(api, usageLimit=50)
    answers = await asyncio.gather(*(redeem(api, "SAVE20", 100, "same") for _ in range(30)))
    assert Counter(answer.status for answer in answers) == {200: 1, 409: 29}
    assert {answer.code for answer in answers if answer.status == 409} == {"already_redeemed"}
    assert await api.sql("SELECT used FROM voucher") == [{"used": 1}]


async def test_a_customers_limit_holds_under_a_race(api: Api) -> None:
    await voucher(api, perCustomerLimit=2)
    assert (await redeem(api, "SAVE20", 100, "o")).code == "voucher_customer_required"
    answers = await asyncio.gather(
        *(redeem(api, "SAVE20", 100, f"o-{n}", customerId=n % 3 + 1) for n in range(30))
    )
    assert Counter(answer.status for answer in answers) == {200: 6, 409: 24}
    rows = await api.sql("SELECT customer_id, count(*) AS n FROM voucher_redemption GROUP BY 1")
    assert {row["customer_id"]: row["n"] for row in rows} == {1: 2, 2: 2, 3: 2}
    assert await api.sql("SELECT used FROM voucher") == [{"used": 6}]
    told = await validate(api, "SAVE20", 100, customerId=1)
    assert told["reason"] == "customer_limit"


_amounts = st.decimals(0, 1_000_000, places=2, allow_nan=False)


@given(
    kind=st.sampled_from(["percentage", "fixed"]),
    value=st.decimals("0.01", 100, places=2, allow_nan=False),
    cap=st.none() | _amounts,
    amount=_amounts,
)
def test_no_discount_is_above_the_amount_nor_its_cap(
    kind: str, value: Decimal, cap: Decimal | None, amount: Decimal
) -> None:
    row = {"discountType": kind, "discountValue": value, "maxDiscount": cap}
    discount = discount_of(row, amount)
    assert 0 <= discount <= amount
    assert discount == discount.quantize(Decimal("0.01"))
    if kind == "percentage":
        assert cap is None or discount <= cap
        exact = min(amount * value / 100, amount if cap is None else cap)
        assert abs(discount - exact) <= Decimal("0.005")
