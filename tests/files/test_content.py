"""Uploads that content names, in fields and within HTML: docs/cms.md."""

from datetime import timedelta
from typing import Any
from urllib.parse import unquote

import pytest

from sunshine.files import integrity
from tests.api import Answer, Api
from tests.cms.factories import (
    ADS,
    BLOG,
    CAREER,
    DEPARTMENT,
    DROPPOINT,
    KINDS,
    TRAINING,
    VACANCIES,
    grant,
    make,
    public_read,
    recorded,
)
from tests.cms.test_documented_examples import POST
from tests.files.forms import PNG, files, path_of, uploaded

FOLDERS = {
    BLOG: "blog", ADS: "ad", TRAINING: "training", CAREER: "career", DEPARTMENT: "department",
    VACANCIES: "vacancy",
}  # fmt: skip
FIELDS = {
    BLOG: "featuredImage", ADS: "image", TRAINING: "files", CAREER: "image", DEPARTMENT: "logo",
}  # fmt: skip
HTML = {
    BLOG: "content", TRAINING: "content", CAREER: "content", DEPARTMENT: "content",
    VACANCIES: "description",
}  # fmt: skip
every_field = pytest.mark.parametrize(("path", "field"), FIELDS.items())
every_text = pytest.mark.parametrize(("path", "field"), HTML.items())
ELSEWHERE = "https://example.com/api/temp/1-a.png"


async def image(api: Api, as_: str = "admin") -> str:
    return await uploaded(api, PNG, "Über uns.png", as_=as_)


def value(path: str, url: str) -> Any:
    return [url] if path == TRAINING else url


async def checked(api: Api) -> list[tuple[str, str]]:
    """What `sunshine files check` will find once all of it is old enough."""
    application = api.app.application
    now = application.clock() + timedelta(hours=2)
    found = await integrity.check(application.storage, api.app.databases, now=now)
    return [(row["problem"], row["path"]) for row in found]


async def write(api: Api, path: str, as_: str = "admin", **fields: Any) -> Answer:
    least, draft, _ = KINDS[path]
    return await api.post(path, {**least, **draft, **fields}, as_=as_)


async def test_the_documented_post_is_created_with_an_image_that_everybody_opens(
    disk: Api,
) -> None:
    await disk.sql("INSERT INTO employee (id, name) VALUES (123, 'Ana Author')")
    url = await image(disk)
    made = await disk.post(BLOG, {**POST, "featuredImage": url}, as_="admin")
    assert made.status == 201
    shown = made.data["featuredImage"]
    assert {name: made.data[name] for name in POST} == {**POST, "featuredImage": shown}
    place = path_of(disk, shown)
    assert place.startswith("/api/static/cms/blog/")
    assert "?" not in place
    opened = await disk.get(place)
    assert (opened.status, opened.body) == (200, PNG)
    assert (opened.headers["Content-Type"], opened.headers["Cache-Control"]) == (
        "image/png", "public, max-age=3600",
    )  # fmt: skip
    assert (await disk.get(path_of(disk, url))).status == 404
    for where in (f"{BLOG}/{made.data['id']}", f"{BLOG}/slug/{POST['slug']}"):
        assert (await disk.get(where, as_="admin")).data == made.data
    [row] = await disk.sql("SELECT featured_image FROM blog", "cms")
    [event] = await disk.sql("SELECT after FROM event", "cms")
    assert row["featured_image"] == event["after"]["featuredImage"]
    assert row["featured_image"].startswith("/api/static/cms/blog/")
    assert await checked(disk) == []


@every_field
async def test_each_kind_keeps_what_its_field_names(disk: Api, path: str, field: str) -> None:
    made = await make(disk, path, **{field: value(path, await image(disk))})
    [url] = made[field] if path == TRAINING else [made[field]]
    assert path_of(disk, url).startswith(f"/api/static/cms/{FOLDERS[path]}/")
    assert (await disk.get(path_of(disk, url))).body == PNG
    where = f"{path}/{made['id']}"
    before = await recorded(disk)
    shown = (await disk.get(where, as_="admin")).data
    same = await disk.put(where, {field: shown[field]}, as_="admin")
    assert (same.status, same.data) == (200, made)
    assert await recorded(disk) == before, "nothing has changed"
    [listed] = (await disk.get(path, as_="employee")).data
    assert listed == made
    assert await checked(disk) == []
    # What was deleted is history, whose files stay.
    assert (await disk.delete(where, as_="admin")).status == 200
    assert await checked(disk) == []
    [kept] = files(disk, "static")
    (disk.app.settings.directory / "static" / kept).unlink()
    assert await checked(disk) == [("missing", kept)]


@every_text
async def test_each_kind_keeps_the_images_within_its_text(disk: Api, path: str, field: str) -> None:
    first, second, third = [await image(disk) for _ in range(3)]
    html = (
        f'<p>A = B</p><img src="{first}"><img alt="x" src=\'{path_of(disk, second)}\'>'
        f'<a href={third}>PDF</a><img src="{first}"><img src="{ELSEWHERE}"> /api/temp/1-b.png'
    )
    made = await make(disk, path, **{field: html})
    kept = files(disk, "static")
    assert list(kept.values()) == [PNG] * 3
    assert {name.rpartition("/")[0] for name in kept} == {f"cms/{FOLDERS[path]}"}
    base = disk.app.settings.base_domain
    assert made[field].count(f'="{base}/api/static/cms/{FOLDERS[path]}/') == 4
    assert f'src="{ELSEWHERE}"> /api/temp/1-b.png' in made[field]
    for name in kept:
        assert f'="{base}/api/static/{name}"' in made[field]
    where = f"{path}/{made['id']}"
    before = await recorded(disk)
    same = await disk.put(where, {field: made[field]}, as_="admin")
    assert (same.status, same.data) == (200, made)
    assert await recorded(disk) == before
    [event] = await disk.sql("SELECT after FROM event", "cms")
    assert base not in event["after"][field]
    assert await checked(disk) == []
    gone = sorted(kept)[0]
    (disk.app.settings.directory / "static" / gone).unlink()
    assert await checked(disk) == [("missing", gone)]


@pytest.mark.parametrize("path", FOLDERS)
async def test_only_uploads_of_ones_own_are_taken(disk: Api, path: str) -> None:
    theirs = await image(disk, as_="employee")
    secret = "/api/static/ticketing/a.png"
    fields = {field[path]: field is HTML for field in (FIELDS, HTML) if path in field}
    before = files(disk, "temp")
    for url in (theirs, path_of(disk, theirs), "/api/temp/nothing", secret):
        for field, is_html in fields.items():
            said = f'<img src="{url}"><img src="{url}x">' if is_html else value(path, url)
            answer = await write(disk, path, **{field: said})
            assert (answer.status, answer.code) == (400, "validation_failed")
            named = f"{field}.0" if field == "files" else field
            assert [error["field"] for error in answer.json["errors"]] == [named]
    assert await recorded(disk) == []
    assert files(disk, "static") == {}
    assert files(disk, "temp") == before


async def test_a_refused_post_moves_nothing(disk: Api) -> None:
    assert (await write(disk, BLOG, slug="taken")).status == 201
    url, within = await image(disk), await image(disk)
    content = f'<img src="{within}">'
    before = await recorded(disk)
    for more, status in (({"slug": "taken"}, 409), ({"author": 999}, 400)):
        answer = await write(disk, BLOG, featuredImage=url, content=content, **more)
        assert answer.status == status
        assert files(disk, "static") == {}
        assert len(files(disk, "temp")) == 2
    assert await recorded(disk) == before
    assert await disk.sql("SELECT * FROM stored_file") == []
    assert (await write(disk, BLOG, featuredImage=url, content=content)).status == 201
    assert len(files(disk, "static")) == 2
    assert files(disk, "temp") == {}


async def test_a_writers_draft_keeps_theirs(disk: Api) -> None:
    await grant(disk, "employee", "cms:write")
    made = await write(disk, BLOG, "employee", featuredImage=await image(disk, "employee"))
    assert made.status == 201
    assert (await disk.get(path_of(disk, made.data["featuredImage"]))).body == PNG
    url = await image(disk, "employee")
    answer = await disk.put(f"{BLOG}/{made.data['id']}", {"featuredImage": url}, as_="admin")
    assert (answer.status, answer.fields) == (400, {"featuredImage"})


async def test_a_retry_gets_the_first_answer(disk: Api) -> None:
    url = await image(disk)
    body = {"title": "One", "content": f'<img src="{url}">', "featuredImage": url}
    key = {"Idempotency-Key": "once"}
    first = await disk.post(BLOG, body, as_="admin", headers=key)
    again = await disk.post(BLOG, body, as_="admin", headers=key)
    assert (first.status, again.status, again.body) == (201, 201, first.body)
    assert unquote(first.data["featuredImage"]) in first.data["content"]
    assert len(files(disk, "static")) == 1
    assert await recorded(disk) == ["blog_created"]


async def test_what_a_post_showed_before_is_shown_again(disk: Api) -> None:
    first = await make(
        disk, BLOG, featuredImage=await image(disk), content=f'<img src="{await image(disk)}">'
    )
    where = f"{BLOG}/{first['id']}"
    body = {"featuredImage": await image(disk), "content": "None"}
    second = (await disk.put(where, body, as_="admin")).data
    assert len({first["featuredImage"], second["featuredImage"]}) == 2
    said = (await disk.get(f"{where}/revisions", as_="admin")).data
    shown = ("featuredImage", "content")
    assert [[row[name] for name in shown] for row in said] == [
        [row[name] for name in shown] for row in (second, first)
    ]
    assert len(files(disk, "static")) == 3
    assert await checked(disk) == [], "revisions are history"
    reverted = (await disk.post(f"{where}/revert", {"revision": 1}, as_="admin")).data
    assert [reverted[name] for name in shown] == [first[name] for name in shown]
    rows = await disk.sql("SELECT content FROM blog_revision ORDER BY revision", "cms")
    assert rows[0] == rows[2]
    assert (await disk.get(path_of(disk, reverted["featuredImage"]))).body == PNG


async def test_lists_and_posts_are_asked_for_again_with_their_etag(disk: Api) -> None:
    url = await image(disk)
    made = await make(disk, BLOG, featuredImage=url, content=f'<img src="{url}">')
    with public_read(disk):
        for where in (BLOG, f"{BLOG}/{made['id']}", f"{BLOG}/slug/{made['slug']}"):
            answers = [await disk.get(where) for _ in range(2)]
            for answer in answers:
                [row] = answer.data if where == BLOG else [answer.data]
                assert row == made
                assert answer.headers["Cache-Control"] == "public, max-age=30"
            etag = {"If-None-Match": answers[0].headers["ETag"]}
            assert (await disk.get(where, headers=etag)).status == 304
            changed = {"title": f"Now {where}"}
            made = (await disk.put(f"{BLOG}/{made['id']}", changed, as_="admin")).data
            assert (await disk.get(where, headers=etag)).status == 200


async def test_long_texts_are_searched_in_one_go(disk: Api) -> None:
    for html in ("=" * 100_000, '="' + "/api/temp/" * 9_999, "= " * 50_000, "x" * 100_000):
        answer = await write(disk, CAREER, content=html)
        assert answer.status in (201, 400)


async def test_what_names_no_files_is_as_it_was(disk: Api) -> None:
    address = '="/api/temp/1-a.png"'
    assert (await make(disk, DROPPOINT, address=address))["address"] == address
