"""Files that partners' documents name: kept, opened by who sees documents, spared by the sweep."""

from datetime import timedelta
from urllib.parse import urlsplit

from sunshine.files import integrity
from tests.api import Api
from tests.files.forms import PNG, path_of, uploaded
from tests.row_factories import new_row


async def partner(api: Api) -> str:
    return f"/api/mitra/{await new_row(api, 'partner')}/documents"


async def orphans(api: Api) -> list[str]:
    application = api.app.application
    later = application.clock() + timedelta(hours=25)
    found = await integrity.orphans(application.storage, api.app.databases, now=later)
    return [file.place for file in found]


async def test_the_file_of_a_document_is_kept(either: Api) -> None:
    path, before = await partner(either), await orphans(either)
    first, second = [await uploaded(either, PNG, "mou.png", as_="admin") for _ in range(2)]
    fields = {"file": first, "more": [{"scan": second, "n": 1}], "site": "https://example.com"}
    body = {"title": "MOU", "kind": "contract", "fields": fields}
    made = (await either.post(path, body, as_="admin")).data
    shown = [made["fields"]["file"], made["fields"]["more"][0]["scan"]]
    assert made["fields"]["site"] == "https://example.com"
    [listed] = (await either.get(path, as_="admin")).data
    found = (await either.get(f"{path}/{made['id']}", as_="admin")).data
    assert urlsplit(listed["fields"]["file"]).path == urlsplit(shown[0]).path
    assert urlsplit(found["fields"]["file"]).path == urlsplit(shown[0]).path
    for url in shown:
        parts = urlsplit(url)
        assert parts.path.startswith("/api/static/mitra/")
        assert (await either.get(f"{parts.path}?{parts.query}")).body == PNG
        assert (await either.get(parts.path, as_="admin")).body == PNG
        assert (await either.get(parts.path, as_="employee")).status == 403
    assert (await either.get(path_of(either, first))).status == 404
    [row] = await either.sql("SELECT fields, files FROM partner_document", "mitra")
    assert row["files"] == sorted(urlsplit(url).path for url in shown)
    assert "s=" not in str(row["fields"])
    assert await orphans(either) == before
    # What is answered may be sent back, and changes nothing.
    same = await either.put(f"{path}/{made['id']}", {"fields": found["fields"]}, as_="admin")
    assert same.data["version"] == 1
    # What no version names any more is of no use.
    changed = await either.put(f"{path}/{made['id']}", {"fields": {"file": shown[0]}}, as_="admin")
    assert changed.data["version"] == 2
    [gone] = set(await orphans(either)) - set(before)
    assert gone == urlsplit(shown[1]).path.removeprefix("/api/")


async def test_a_refused_document_takes_nothing(either: Api) -> None:
    path = await partner(either)
    url = await uploaded(either, PNG, "a.png", as_="admin")
    other = await uploaded(either, PNG, "a.png", as_="hr")
    body = {"title": "A", "kind": "b", "fields": {"mine": url, "theirs": other}}
    answer = await either.post(path, body, as_="admin")
    assert (answer.status, answer.fields) == (400, {"fields.theirs"})
    for value in (f"See {url}", {url: 1}, "/api/static/mitra/nothing.png",
                  "/api/static/employee/leave/x.pdf"):  # fmt: skip
        answer = await either.post(path, {**body, "fields": {"it": value}}, as_="admin")
        assert answer.status == 400, value
        assert all(field.startswith("fields.it") for field in answer.fields)
    many = [f"/api/static/mitra/{number}.png" for number in range(101)]
    answer = await either.post(path, {**body, "fields": {"it": many}}, as_="admin")
    assert (answer.status, answer.fields) == (400, {"fields.it.100"})
    assert await either.sql("SELECT * FROM partner_document", "mitra") == []
    assert len(await either.sql("SELECT * FROM upload")) == 2


async def test_a_conflict_shows_the_document_with_urls_that_open(either: Api) -> None:
    path = await partner(either)
    url = await uploaded(either, PNG, "a.png", as_="admin")
    body = {"title": "A", "kind": "b", "fields": {"file": url}}
    made = (await either.post(path, body, as_="admin")).data
    late = await either.put(f"{path}/{made['id']}", {"title": "B", "version": 9}, as_="admin")
    assert late.code == "changed_meanwhile"
    parts = urlsplit(late.json["data"]["fields"]["file"])
    assert (await either.get(f"{parts.path}?{parts.query}")).body == PNG
