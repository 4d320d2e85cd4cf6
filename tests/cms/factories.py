"""What the tests of content share: its kinds, who may what, bodies that make it public or not."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from tests.api import Api

BLOG = "/api/cms/blog"
ADS = "/api/cms/ads"
TRAINING = "/api/cms/training"
CAREER = "/api/cms/career"
VACANCIES = "/api/cms/vacancies"
DEPARTMENT = "/api/cms/department"
DROPPOINT = "/api/cms/droppoint"
# The least that makes one of each kind, and what makes it public.
KINDS: dict[str, tuple[dict[str, Any], dict[str, Any], dict[str, Any]]] = {
    BLOG: ({"title": "Words", "content": "<p>Words</p>"}, {"status": "draft"},
           {"status": "published"}),
    ADS: ({"title": "Words", "placement": "popup", "startDate": "2024-06-01"}, {"active": False},
          {"active": True}),
    TRAINING: ({"title": "Words"}, {"status": "draft"}, {"status": "published"}),
    CAREER: ({"title": "Words", "content": "Words"}, {"status": "draft"},
             {"status": "published"}),
    VACANCIES: ({"title": "Words", "type": "contract", "description": "Words"},
                {"status": "draft"}, {"status": "open"}),
    DEPARTMENT: ({"name": "Words"}, {"active": False}, {"active": True}),
    DROPPOINT: ({"name": "Words", "address": "Here", "latitude": -6.2, "longitude": 106.8},
                {"active": False}, {"active": True}),
}  # fmt: skip
WRITTEN = (BLOG, ADS, TRAINING, CAREER, VACANCIES)


async def grant(api: Api, name: str, permission: str, as_: Any = "admin") -> None:
    """Give one of the cast a permission."""
    path = f"/api/users/{api.cast[name].user_id}"
    assert (await api.put(path, {"permissions": [permission]}, as_=as_)).status == 200


def told(api: Api, name: str = "admin") -> str:
    """A token of one of the cast, of the time that it is."""
    application = api.app.application
    role = name if name in ("admin", "hr", "manager") else "employee"
    return application.tokens.sign(
        "user", id_=api.cast[name].user_id, username=name, role=role, version=0,
        now=application.clock(),
    )  # fmt: skip


async def make(api: Api, path: str, as_: str = "admin", **fields: Any) -> Any:
    """New content, public unless the fields say otherwise, as the API answers it."""
    least, _, public = KINDS[path]
    return (await api.post(path, {**least, **public, **fields}, as_=as_)).data


async def seen(api: Api, path: str, as_: Any = "employee", query: str = "") -> list[int]:
    """The ids of a list, whose total must count them."""
    answer = await api.get(f"{path}?limit=100&{query}", as_=as_)
    ids = [row["id"] for row in answer.data]
    assert answer.json["pagination"]["total"] == len(ids)
    return ids


async def recorded(api: Api) -> list[str]:
    """The types of what happened in the cms database."""
    return await api.events("cms")


def driver_token(api: Api, driver: int) -> str:
    """A token of a driver."""
    application = api.app.application
    return application.tokens.sign(
        "driver", id_=driver, username=f"driver-{driver}", role="driver", version=0,
        now=application.clock(),
    )  # fmt: skip


@contextmanager
def public_read(api: Api) -> Iterator[None]:
    """A server with CMS_PUBLIC_READ."""
    application = api.app.application
    before = application.configuration
    application.configuration = replace(before, cms_public_read=True)
    try:
        yield
    finally:
        application.configuration = before
