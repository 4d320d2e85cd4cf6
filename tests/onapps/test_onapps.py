"""Settings of the apps: /api/onapps."""

import asyncio

from tests.api import Api
from tests.factories import steps
from tests.onapps.factories import VOUCHERS, voucher

PATH = "/api/onapps"


async def test_everybody_reads_settings_and_public_vouchers(api: Api, now) -> None:
    now.set(2024, 6, 1, 12)
    assert (await api.get(PATH, as_="outsider")).data == {"settings": {}, "vouchers": []}
    settings = {"minVersion": "1.2.3", "features": {"chat": True}}
    assert (await api.put(PATH, {"settings": settings}, as_="hr")).status == 403
    assert (await api.put(PATH, {"settings": settings}, as_="admin")).data["settings"] == settings
    await voucher(api, code="OPEN", public=True)
    await voucher(api, code="SECRET")
    await voucher(api, code="ENDED", public=True, validUntil="2024-05-31")
    await voucher(api, code="OFF", public=True, active=False)
    gone = await voucher(api, code="GONE", public=True)
    await api.delete(f"{VOUCHERS}/{gone['id']}", as_="admin")
    shown = (await api.get(PATH, as_="employee")).data
    assert shown["settings"] == settings
    assert shown["vouchers"] == [
        {
            "code": "OPEN",
            "description": None,
            "image": None,
            "discountType": "percentage",
            "discountValue": 20,
            "minPurchase": 0,
            "maxDiscount": None,
            "validUntil": None,
        }
    ]


async def test_what_changed_is_recorded_as_it_was(api: Api) -> None:
    answers = await asyncio.gather(
        *(api.put(PATH, {"settings": {"version": n}}, as_="admin") for n in range(10))
    )
    assert {answer.status for answer in answers} == {200}
    last = (await api.get(PATH, as_="employee")).data["settings"]
    assert (await api.put(PATH, {"settings": last}, as_="admin")).data == {"settings": last}
    values = await steps(api, "onapps_changed", "settings")
    assert (len(values), values[0], values[-1]) == (11, {}, last)
