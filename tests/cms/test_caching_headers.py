"""What may be kept by browsers and caches, and for whom."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace

import pytest
from tornado.ioloop import IOLoop

from sunshine.core.settings import Settings
from tests.api import Api
from tests.cms.factories import BLOG, DROPPOINT, KINDS, TRAINING, make, public_read, told
from tests.conftest import Now, serve


@pytest.mark.parametrize("path", KINDS)
async def test_what_is_known_is_not_sent_again(api: Api, path: str) -> None:
    made = await make(api, path)
    for place in (path, f"{path}/{made['id']}", f"{path}?search=words"):
        answer = await api.get(place, as_="employee")
        etag = answer.headers["Etag"]
        known = {"If-None-Match": etag}
        again = await api.get(place, as_="employee", headers=known)
        assert (again.status, again.body, again.headers["Etag"]) == (304, b"", etag)
        assert again.headers["Cache-Control"] == "private, no-cache"
        assert (await api.call("HEAD", place, as_="employee")).headers["Etag"] == etag
        field = "title" if "title" in made else "name"
        body = {field: f"Words of {place}"}
        await api.put(f"{path}/{made['id']}", body, as_="admin")
        changed = await api.get(place, as_="employee", headers=known)
        assert changed.status == 200
        assert changed.headers["Etag"] != etag
        if place.endswith(str(made["id"])):
            assert answer.headers["Last-Modified"].endswith("GMT")


@pytest.mark.parametrize("path", [path for path in KINDS if path != TRAINING])
async def test_strangers_answers_are_kept_for_all_and_others_for_oneself(
    api: Api, path: str
) -> None:
    made = await make(api, path)
    _, draft, _ = KINDS[path]
    hidden = await make(api, path, **draft)
    with public_read(api):
        for place in (path, f"{path}/{made['id']}"):
            answer = await api.get(place)
            assert answer.headers["Cache-Control"] == "public, max-age=30"
            assert answer.headers.get_list("Vary") == ["x-access-token"]
            for as_ in ("admin", "employee"):
                answer = await api.get(place, as_=as_)
                assert answer.headers["Cache-Control"] == "private, no-cache"
                assert answer.headers.get_list("Vary") == ["x-access-token"]
        for reader, status in ((None, 401), ("employee", 403)):
            answer = await api.get(f"{path}/{hidden['id']}", as_=reader)
            assert (answer.status, answer.headers["Cache-Control"]) == (status, "no-store")
            assert "Etag" not in answer.headers
    answer = await api.get(f"{path}/{hidden['id']}", as_="admin")
    assert answer.headers["Cache-Control"] == "private, no-cache"
    answer = await api.put(f"{path}/{made['id']}", draft, as_="admin")
    assert answer.headers["Cache-Control"] == "no-store"


async def test_what_opens_is_another_answer(api: Api, now: Now) -> None:
    now.set(2024, 6, 3, 7, 59)  # a Monday
    token = told(api, "admin")
    made = await make(api, DROPPOINT, as_=token, openingHours={"mon": [["08:00", "17:00"]]})
    place = f"{DROPPOINT}/{made['id']}"
    etag = (await api.get(place, as_=token)).headers["Etag"]
    now.set(2024, 6, 3, 8)
    answer = await api.get(place, as_=token, headers={"If-None-Match": etag})
    assert (answer.status, answer.data["isOpen"]) == (200, True)


@pytest.fixture
def office(settings: Settings, io_loop: IOLoop, _now: Now) -> Iterator[Api]:
    """A server that allows one origin, and anybody to read."""
    changed = replace(settings, cors_origins=("https://www.example.com",), cms_public_read=True)
    yield from serve(changed, io_loop, _now)


async def test_it_varies_by_origin_too_where_origins_are_told_apart(api: Api, office: Api) -> None:
    await make(api, BLOG)
    answer = await office.get(BLOG)
    assert answer.headers.get_list("Vary") == ["Origin, x-access-token"]
    assert answer.json["pagination"]["total"] == 1


@pytest.fixture
def without_cms(settings: Settings, io_loop: IOLoop, _now: Now) -> Iterator[Api]:
    """A server whose cms database is away."""
    away = replace(settings.databases["cms"], port=1, pool_wait=0.5)
    changed = replace(settings, databases={**settings.databases, "cms": away})
    yield from serve(changed, io_loop, _now)


async def test_without_its_database_content_is_unavailable_and_all_else_goes_on(
    api: Api, without_cms: Api
) -> None:
    without_cms.cast = api.cast
    asked = [without_cms.get(path, as_="admin") for path in KINDS]
    asked.append(without_cms.post(BLOG, KINDS[BLOG][0], as_="admin"))
    others = [
        without_cms.get(path, as_="admin") for path in ("/api/departments", "/api/fleet/drivers")
    ]
    for answer in await asyncio.gather(*asked):
        assert (answer.status, answer.code) == (503, "database_unavailable")
        assert answer.headers["Retry-After"]
    assert [answer.status for answer in await asyncio.gather(*others)] == [200, 200]
