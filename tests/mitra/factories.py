"""What the tests of partners share: a partner, a document, what is recorded."""

from typing import Any

from tests.api import Api
from tests.factories import make

PATH = "/api/mitra"
CONTRACT = {
    "title": "Framework agreement",
    "kind": "contract",
    "fields": {"number": "MOU/2024/17", "value": 125000000, "signedBy": ["Ani", "Budi"]},
}


async def partner(api: Api, **fields: Any) -> str:
    """The path of a new partner."""
    made = await make(api, PATH, **({"name": "Maju Jaya", "type": "supplier"} | fields))
    return f"{PATH}/{made['id']}"


async def document(api: Api, path: str, **fields: Any) -> dict[str, Any]:
    """A new document of the partner at a path."""
    made: dict[str, Any] = await make(api, f"{path}/documents", **(CONTRACT | fields))
    return made


async def recorded(api: Api) -> list[dict[str, Any]]:
    """The events about documents, oldest first."""
    return await api.sql(
        "SELECT type, entity_id, actor_name, before, after FROM event"
        " WHERE entity = 'partner_document' ORDER BY id",
        "mitra",
    )
