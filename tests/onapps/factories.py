"""What the tests of vouchers share: making and using them."""

from typing import Any

from tests.api import Answer, Api

VOUCHERS = "/api/onapps/vouchers"
# The documentation's own example.
EXAMPLE = {
    "code": "SAVE20",
    "description": "20% off all orders",
    "discountType": "percentage",
    "discountValue": 20,
    "minPurchase": 100,
    "maxDiscount": 50,
    "validFrom": "2024-01-01",
    "validUntil": "2024-12-31",
    "usageLimit": 1000,
    "active": True,
}


async def voucher(api: Api, **fields: Any) -> dict[str, Any]:
    """A new voucher, as the API answers it: 20 % off anything unless said otherwise."""
    body = {"code": "SAVE20", "discountType": "percentage", "discountValue": 20} | fields
    made: dict[str, Any] = (await api.post(VOUCHERS, body, as_="admin")).data
    return made


async def validate(api: Api, code: str, amount: float, **more: Any) -> Any:
    """What the voucher would take off."""
    body = {"code": code, "orderAmount": amount} | more
    answer = await api.post(f"{VOUCHERS}/validate", body, as_="employee")
    assert answer.status == 200, answer.body
    return answer.json


async def redeem(api: Api, code: str, amount: float, ref: str, **more: Any) -> Answer:
    """Use the voucher for an order."""
    body = {"code": code, "orderAmount": amount, "orderRef": ref} | more
    return await api.post(f"{VOUCHERS}/redeem", body, as_="employee")
