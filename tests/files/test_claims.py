"""Uploads that rows name: they move to where they stay, in the write that names them."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest

import handlers
from handlers.fleet.vehicles import Vehicles
from sunshine.core.errors import Conflict, StorageFull, Unavailable
from sunshine.database.database import Database
from sunshine.files import integrity
from sunshine.web.files.attachment_spec import AttachmentSpec
from sunshine.web.files.attachments import WithAttachments
from tests.api import Answer, Api
from tests.conftest import Now
from tests.files.forms import PNG, files, path_of, uploaded
from tests.row_factories import new_approver

_day = itertools.count(1)
FOREIGN = "https://example.com/a.pdf"


async def ticket(api: Api, *urls: str, as_: str = "employee", **more: Any) -> Answer:
    body = {"title": "Broken", "attachments": list(urls)}
    return await api.post("/api/tickets", body, as_=as_, **more)


async def leave(api: Api, *urls: str) -> Answer:
    day = f"2031-01-{6 + next(_day) % 5:02}"
    body = {"leaveType": "annual", "startDate": day, "endDate": day, "reason": "Rest"}
    return await api.post("/api/leave/apply", {**body, "documents": list(urls)}, as_="employee")


async def branding(api: Api, *urls: str) -> Answer:
    body = {"title": "Logo", "category": "logo", "approvers": [await new_approver(api)]}
    return await api.post("/api/branding-approval", {**body, "files": list(urls)}, as_="employee")


async def photo(api: Api, url: str) -> Answer:
    me = api.employee.employee_id
    return await api.put(f"/api/employees/{me}", {"photo": url}, as_="employee")


async def voucher(api: Api, url: str) -> Answer:
    body = {"code": f"V{next(_day)}", "discountType": "fixed", "discountValue": 1, "image": url}
    return await api.post("/api/onapps/vouchers", body, as_="admin")


Write = Callable[[Api, str], Awaitable[Answer]]
MODULES: dict[str, tuple[Write, str, str]] = {
    "ticketing": (ticket, "attachments", "employee"),
    "employee/leave": (leave, "documents", "employee"),
    "branding-approval": (branding, "files", "employee"),
    "employee/photo": (photo, "photo", "employee"),
    "onapps/voucher": (voucher, "image", "admin"),
}
every_module = pytest.mark.parametrize("folder", MODULES)


def named(answer: Answer, field: str) -> str:
    value = answer.data[field]
    return str(value[0] if isinstance(value, list) else value)


@every_module
async def test_it_becomes_a_file_of_the_row(disk: Api, folder: str) -> None:
    write, field, writer = MODULES[folder]
    url = await uploaded(disk, PNG, "logo.png", as_=writer)
    answer = await write(disk, url)
    shown = urlsplit(named(answer, field))
    assert f"{shown.scheme}://{shown.netloc}" == disk.app.settings.base_domain
    path = shown.path.removeprefix("/api/static/")
    assert path.startswith(f"{folder}/")
    assert path.endswith("-logo.png")
    assert files(disk, "static") == {path: PNG}
    assert files(disk, "temp") == {}
    # The URL opens it, under the name it came with; the first one does not any more.
    opened = await disk.get(f"{shown.path}?{shown.query}")
    assert (opened.status, opened.body) == (200, PNG)
    assert opened.headers["Content-Disposition"] == "inline; filename*=UTF-8''logo.png"
    assert (await disk.get(path_of(disk, url))).status == 404
    # Rows and events hold what it is called, and no right to it.
    [_, event] = await disk.sql("SELECT * FROM event ORDER BY id")
    said = event["after"][field]
    assert said in (f"/api/static/{path}", [f"/api/static/{path}"])
    [kept] = await disk.sql("SELECT * FROM stored_file")
    assert (kept["path"], kept["size"]) == (path, len(PNG))
    assert await disk.sql("SELECT * FROM upload") == []


@every_module
async def test_a_public_one_needs_no_signature_and_a_private_one_does(
    disk: Api, folder: str
) -> None:
    write, field, writer = MODULES[folder]
    answer = await write(disk, await uploaded(disk, PNG, "a.png", as_=writer))
    shown = urlsplit(named(answer, field))
    is_public = folder.startswith("onapps")
    assert (shown.query == "") == is_public
    assert (await disk.get(shown.path)).status == (200 if is_public else 401)


@pytest.mark.parametrize("folder", ["ticketing", "employee/photo", "onapps/voucher"])
async def test_what_get_gave_may_be_sent_back(disk: Api, folder: str, now: Now) -> None:
    write, field, writer = MODULES[folder]
    made = await write(disk, await uploaded(disk, PNG, "a.png", as_=writer))
    where = {
        "ticketing": f"/api/tickets/{made.data['id']}",
        "employee/photo": f"/api/employees/{disk.employee.employee_id}",
        "onapps/voucher": f"/api/onapps/vouchers/{made.data['id']}",
    }[folder]
    events = await disk.events()
    before = (await disk.get(where, as_=writer)).data
    now.shift(hours=2)  # its signature has ended
    as_ = "admin" if folder == "ticketing" else writer
    after = await disk.put(where, {field: before[field]}, as_=as_)
    assert after.status == 200
    assert (
        urlsplit(named(after, field)).path
        == urlsplit(before[field][0] if isinstance(before[field], list) else before[field]).path
    )
    assert await disk.events() == events, "nothing has changed"
    assert len(files(disk, "static")) == 1


@pytest.mark.parametrize("spelling", ["absolute", "path", "asked host"])
async def test_its_url_may_be_written_as_clients_do(disk: Api, spelling: str) -> None:
    url = await uploaded(disk)
    path = path_of(disk, url)
    url = {"absolute": url, "path": path, "asked host": f"{disk.url}{path}"}[spelling]
    answer = await ticket(disk, url)
    assert urlsplit(answer.data["attachments"][0]).path.startswith("/api/static/ticketing/")


async def test_foreign_urls_stay_as_they_are(disk: Api) -> None:
    urls = [
        FOREIGN, "url_to_file", "https://example.com/api/temp/x", "https://[x",
        "http://example.com/api/static/ticketing/a.png", "/elsewhere", "employee/attendance/a.jpg",
    ]  # fmt: skip
    url = await uploaded(disk)
    answer = await ticket(disk, urls[0], url, *urls[1:])
    shown = answer.data["attachments"]
    assert shown[0] == urls[0]
    assert shown[2:] == urls[1:]
    assert "/api/static/ticketing/" in shown[1]


async def missing(api: Api) -> list[str]:
    base = api.app.settings.base_domain
    another = await uploaded(api, as_="stranger")
    return [
        f"{base}/api/temp/nothing", "/api/temp/1-b.pdf", "/api/temp/", another,
        f"/api/temp/{'1' * 13}-{'2' * 39}-a.txt",
    ]  # fmt: skip


async def test_only_uploads_of_ones_own_are_taken(disk: Api) -> None:
    good = await uploaded(disk)
    bad = await missing(disk)
    before = await disk.events()
    answer = await ticket(disk, good, *bad)
    assert (answer.status, answer.code) == (400, "validation_failed")
    assert answer.fields == {f"attachments.{number}" for number in range(1, len(bad) + 1)}
    assert await disk.events() == before
    assert files(disk, "static") == {}
    assert len(files(disk, "temp")) == 2
    assert (await ticket(disk, good)).status == 201


async def test_what_was_taken_or_is_too_old_is_taken_no_more(disk: Api) -> None:
    url = await uploaded(disk)
    assert (await ticket(disk, url)).status == 201
    assert (await ticket(disk, url)).fields == {"attachments.0"}
    old = await uploaded(disk)
    await disk.sql("UPDATE upload SET created_at = now() - interval '24 hours'")
    assert (await ticket(disk, old)).fields == {"attachments.0"}


async def test_nobody_names_a_file_that_is_not_theirs_to_see(disk: Api) -> None:
    secret = (await ticket(disk, await uploaded(disk, as_="hr"), as_="hr")).data["attachments"][0]
    picture = (await photo(disk, await uploaded(disk, PNG, "a.png"))).data["photo"]
    for url in (secret, secret.partition("?")[0], urlsplit(secret).path, urlsplit(picture).path,
                "/api/static/ticketing/nothing", "/api/static/employee/attendance/x.jpg",
                "/api/static/x", "/api/%73tatic/ticketing/nothing"):  # fmt: skip
        answer = await ticket(disk, url)
        assert (answer.status, answer.fields) == (400, {"attachments.0"}), url
    # Who may see it may name it again.
    again = await ticket(disk, secret, as_="hr")
    assert urlsplit(again.data["attachments"][0]).path == urlsplit(secret).path


async def test_what_only_looks_like_ours_is_never_opened(disk: Api) -> None:
    kept = (await ticket(disk, await uploaded(disk, as_="hr"), as_="hr")).data["attachments"][0]
    path = urlsplit(kept).path
    for url in (f"https://example.com{path}", path.upper(), path.removeprefix("/"),
                f"/x/..{path}", f"http://example.com@{path}"):  # fmt: skip
        answer = await ticket(disk, url)
        if answer.status == 201:
            assert answer.data["attachments"] == [url]
        else:
            assert answer.status == 400


@pytest.mark.parametrize("problem", [Conflict(code="busy"), StorageFull()])
async def test_a_refused_write_moves_nothing(
    disk: Api, problem: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = await uploaded(disk)

    async def refuse(*_: Any, **__: Any) -> None:
        raise problem

    before = files(disk, "temp")
    with monkeypatch.context() as patch:
        patch.setattr("sunshine.modules.tickets.tickets.create", refuse)
        assert (await ticket(disk, url)).status >= 400
    assert files(disk, "static") == {}
    assert files(disk, "temp") == before
    assert await disk.sql("SELECT * FROM stored_file") == []
    assert await disk.events() == ["file_uploaded"]
    assert (await ticket(disk, url)).status == 201


async def test_a_write_of_which_nobody_knows_loses_nothing(
    disk: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The connection breaks at the commit: it may have been made, and its file is there."""
    url = await uploaded(disk, PNG, "a.png")
    real = Database.transaction

    @asynccontextmanager
    async def breaking(self: Database, *given: Any, **more: Any) -> AsyncIterator[Any]:
        async with real(self, *given, **more) as tx:
            yield tx
        raise Unavailable

    with monkeypatch.context() as patch:
        patch.setattr(Database, "transaction", breaking)
        assert (await ticket(disk, url)).status == 503
    [row] = await disk.sql("SELECT attachments FROM ticket")
    [name] = row["attachments"]
    assert files(disk, "static") == {name.removeprefix("/api/static/"): PNG}
    # What is left in temp is of nobody, and swept.
    assert len(files(disk, "temp")) == 1
    assert await disk.sql("SELECT * FROM upload") == []


async def test_a_crash_before_the_commit_loses_nothing(
    disk: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = await uploaded(disk, PNG, "a.png")

    async def crash(*_: Any, **__: Any) -> None:
        raise asyncio.CancelledError

    with monkeypatch.context() as patch:
        patch.setattr("sunshine.modules.tickets.tickets.create", crash)
        with pytest.raises((ConnectionError, AssertionError)):
            assert (await ticket(disk, url)).status == 201
    assert list(files(disk, "temp").values()) == [PNG]
    answer = await ticket(disk, url)
    shown = urlsplit(answer.data["attachments"][0])
    assert (await disk.get(f"{shown.path}?{shown.query}")).body == PNG


async def test_a_retry_gets_the_first_answer(disk: Api) -> None:
    url = await uploaded(disk)
    key = {"Idempotency-Key": "once"}
    first = await ticket(disk, url, headers=key)
    again = await ticket(disk, url, headers=key)
    assert (again.status, again.body) == (201, first.body)
    assert len(files(disk, "static")) == 1
    assert len(await disk.sql("SELECT * FROM ticket")) == 1


async def test_of_two_who_name_it_at_once_one_gets_it(disk: Api) -> None:
    for _ in range(5):
        url = await uploaded(disk)
        answers = await asyncio.gather(*(ticket(disk, url) for _ in range(6)))
        assert sorted(answer.status for answer in answers) == [201] + [400] * 5
    named = await disk.sql("SELECT unnest(attachments) AS name FROM ticket")
    paths = {row["name"].removeprefix("/api/static/") for row in named}
    assert len(paths) == 5
    assert files(disk, "static").keys() == paths
    assert files(disk, "temp") == {}


async def test_two_who_name_the_same_ones_in_another_order_do_not_wait_in_a_circle(
    disk: Api,
) -> None:
    urls = [await uploaded(disk) for _ in range(8)]
    answers = await asyncio.gather(*(ticket(disk, *urls[::way]) for way in (1, -1) * 3))
    assert sorted(answer.status for answer in answers) == [201] + [400] * 5


async def test_answers_of_all_kinds_open_it(disk: Api) -> None:
    made = (await ticket(disk, await uploaded(disk, PNG, "a.png"))).data
    where = f"/api/tickets/{made['id']}"
    listed = (await disk.get("/api/tickets", as_="employee")).data[0]
    shown = (await disk.get(where, as_="manager")).data
    changed = (await disk.put(where, {"title": "X"}, as_="employee")).data
    conflict = await disk.put(where, {"title": "Y", "version": 1}, as_="admin")
    assert conflict.code == "changed_meanwhile"
    watched = (await disk.post(f"{where}/watch", as_="manager")).data
    for row in (made, listed, shown, changed, conflict.json["data"], watched):
        url = urlsplit(row["attachments"][0])
        assert (await disk.get(f"{url.path}?{url.query}")).body == PNG


async def test_a_file_that_two_rows_name_outlives_the_first(disk: Api, now: Now) -> None:
    first = (await ticket(disk, await uploaded(disk, PNG, "a.png"))).data
    second = (await ticket(disk, *first["attachments"])).data
    said = {"comment": f"As in {first['attachments'][0]}."}
    where = f"/api/tickets/{second['id']}"
    comment = (await disk.post(f"{where}/comments", said, as_="employee")).data
    name = urlsplit(first["attachments"][0]).path
    assert [urlsplit(url).path for url in comment["files"]] == [name]
    for path in (f"/api/tickets/{first['id']}", where):
        assert (await disk.put(path, {"attachments": []}, as_="admin")).status == 200
        later = now() + timedelta(hours=25)
        storage, databases = disk.app.application.storage, disk.app.databases
        assert await integrity.orphans(storage, databases, now=later) == []
        assert (await disk.get(name, as_="employee")).body == PNG
    rows = await disk.sql("SELECT attachments::text || comment AS said FROM ticket_comment, ticket")
    assert not any("s=" in row["said"] for row in rows), "a signature is nobody else's"


async def test_every_revision_opens_its_files(disk: Api) -> None:
    made = (await branding(disk, await uploaded(disk, PNG, "a.png"), FOREIGN)).data
    [shown, foreign] = made["history"][0]["files"]
    assert foreign == FOREIGN
    url = urlsplit(shown)
    assert (await disk.get(f"{url.path}?{url.query}")).body == PNG
    assert made["files"][1] == FOREIGN


async def test_the_settings_of_the_app_may_name_some_anywhere(disk: Api) -> None:
    url = await uploaded(disk, PNG, "a.png", as_="admin")
    settings = {"banners": [{"image": url, "order": 1, "text": ""}], "home": FOREIGN, "on": True}
    answer = await disk.put("/api/onapps", {"settings": settings}, as_="admin")
    [banner] = answer.data["settings"]["banners"]
    assert answer.data["settings"]["home"] == FOREIGN
    assert (banner["order"], banner["text"]) == (1, "")
    path = path_of(disk, banner["image"])
    assert path.startswith("/api/static/onapps/")
    assert (await disk.get(path)).body == PNG
    shown = (await disk.get("/api/onapps", as_="employee")).data["settings"]
    assert shown["banners"] == [banner]
    again = await disk.put("/api/onapps", {"settings": shown}, as_="admin")
    assert again.data["settings"] == shown


async def test_public_vouchers_show_their_image(disk: Api) -> None:
    made = (await voucher(disk, await uploaded(disk, PNG, "a.png", as_="admin"))).data
    where = f"/api/onapps/vouchers/{made['id']}"
    assert (await disk.put(where, {"public": True}, as_="admin")).status == 200
    [listed] = (await disk.get("/api/onapps", as_="employee")).data["vouchers"]
    assert listed["image"] == made["image"]


# ---- Rows of another database -----------------------------------------------------------------


class _Named(WithAttachments, Vehicles):
    """Vehicles whose brand is a file: as rows of the CMS, which has a database of its own."""

    filing = AttachmentSpec("cms/blog", brand="blog.featuredImage")


@pytest.fixture
def elsewhere(disk: Api, monkeypatch: pytest.MonkeyPatch) -> Api:
    [route] = [route for route in handlers.routes if route.path == "/api/fleet/vehicles"]
    monkeypatch.setattr(route, "handler", _Named)
    return disk


async def vehicle(api: Api, brand: str, plate: str = "B 1", **more: Any) -> Answer:
    body = {"plateNumber": plate, "type": "van", "brand": brand}
    return await api.post("/api/fleet/vehicles", body, as_="admin", **more)


async def test_rows_of_another_database_name_files_as_well(elsewhere: Api) -> None:
    path = path_of(elsewhere, await uploaded(elsewhere, PNG, "a.png", as_="admin"))
    key = {"Idempotency-Key": "once"}
    first = await vehicle(elsewhere, path, headers=key)
    shown = path_of(elsewhere, first.data["brand"])
    assert shown.startswith("/api/static/cms/blog/")
    assert (await elsewhere.get(shown)).body == PNG
    assert (await vehicle(elsewhere, path, headers=key)).body == first.body
    [row] = await elsewhere.sql("SELECT brand FROM vehicle", "fleet")
    assert row["brand"] == shown
    assert files(elsewhere, "temp") == {}
    assert len(await elsewhere.sql("SELECT * FROM stored_file")) == 1
    # What everybody may see, any row may show.
    assert (await vehicle(elsewhere, shown, "B 2")).data["brand"] == first.data["brand"]


async def test_one_that_is_refused_there_moves_nothing(elsewhere: Api) -> None:
    assert (await vehicle(elsewhere, "Some")).status == 201
    path = path_of(elsewhere, await uploaded(elsewhere, PNG, "a.png", as_="admin"))
    assert (await vehicle(elsewhere, path)).status == 409
    assert files(elsewhere, "static") == {}
    assert await elsewhere.sql("SELECT * FROM stored_file") == []
    assert (await vehicle(elsewhere, path, "B 2")).status == 201
    assert (await vehicle(elsewhere, path, "B 3")).fields == {"brand"}
