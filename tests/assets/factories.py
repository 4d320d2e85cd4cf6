"""What the tests of assets share: making assets, handing them out."""

import itertools
from typing import Any

from tests.api import Answer, Api

INVENTORY = "/api/asset-management/inventory"
TRACKING = "/api/asset-management/tracking"
# The documentation's own example.
EXAMPLE = {
    "assetCode": "AST-001",
    "name": "MacBook Pro",
    "category": "laptop",
    "serialNumber": "SN123456",
    "purchaseDate": "2024-01-01",
    "value": 2000,
}
_number = itertools.count(100)


async def asset(api: Api, **fields: Any) -> dict[str, Any]:
    """A new asset, as the API answers it."""
    body = {"assetCode": f"AST-{next(_number)}", "name": "Thing", "category": "laptop"} | fields
    made: dict[str, Any] = (await api.post(INVENTORY, body, as_="admin")).data
    return made


async def assign(api: Api, asset_id: int, employee_id: int | None, as_: str = "admin") -> Answer:
    """Hand it to an employee."""
    body = {"employeeId": employee_id}
    return await api.post(f"{INVENTORY}/{asset_id}/assign", body, as_=as_)
