"""Settings of the apps: /api/onapps."""

from tests.api import Api
from tests.onapps.vouchers import voucher

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
    shown = (await api.get(PATH, as_="employee")).data
    assert shown["settings"] == settings
    assert [row["code"] for row in shown["vouchers"]] == ["OPEN"]
