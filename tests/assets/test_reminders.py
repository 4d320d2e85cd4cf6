"""Warranties about to end: sunshine/modules/assets/jobs.py."""

from sunshine.core.principals import System
from sunshine.modules.assets.jobs import remind_of_warranties
from tests.api import Api
from tests.assets.factories import INVENTORY, asset


async def run(api: Api) -> int:
    async with api.app.databases.sunshine.transaction(System()) as tx:
        return (await remind_of_warranties(tx))["warranties"]


async def test_each_warranty_is_told_once_also_after_downtime(api: Api, now) -> None:
    now.set(2024, 3, 1, 9)
    soon = await asset(api, warrantyUntil="2024-03-31")
    await asset(api, warrantyUntil="2024-04-01")
    await asset(api, warrantyUntil="2024-03-02", status="retired")
    await asset(api)
    assert (await run(api), await run(api)) == (1, 0)
    [told] = await api.sql("SELECT entity_id, after FROM event WHERE type LIKE '%%warranty%%'")
    assert told["entity_id"] == soon["id"]
    assert told["after"]["warrantyUntil"] == "2024-03-31"
    now.set(2025, 1, 1, 9)
    assert (await run(api), await run(api)) == (1, 0)
    await api.put(f"{INVENTORY}/{soon['id']}", {"warrantyUntil": "2025-01-15"}, as_="admin")
    assert (await run(api), await run(api)) == (1, 0)
