"""Uploads that are named otherwise than by their URL alone, and where no file is kept."""

import html
import json
import re
from typing import Any
from urllib.parse import quote, urlsplit

import pytest

from sunshine.files.links import Links
from tests.api import Api
from tests.conftest import Now
from tests.files.forms import PNG, files, path_of, uploaded
from tests.files.test_claims import ticket
from tests.files.test_every_body import texts_with
from tests.row_factories import new_row

NAME = f"{'1' * 13}-{'2' * 39}-a.png"
HOST = "localhost:3601"
URL = f"http://{HOST}/api/temp/{NAME}"
SPELLINGS = {
    "url": URL,
    "path": f"/api/temp/{NAME}",
    "no scheme": f"//{HOST}/api/temp/{NAME}",
    "host and no scheme": f"{HOST}/api/temp/{NAME}",
    "another host": f"https://intranet.example/api/temp/{NAME}",
    "upper-case host": f"http://LOCALHOST:3601/api/temp/{NAME}",
    "a user before the host": f"http://me@{HOST}/api/temp/{NAME}",
    "a proxy's prefix": f"/sunshine/api/temp/{NAME}",
    "a query": f"{URL}?s=download",
    "a fragment": f"{URL}#page=2",
    "percent-encoded": quote(URL, safe=""),
    "every character percent-encoded": "".join(f"%{ord(char):02x}" for char in URL),
    "dots": f"http://{HOST}/api/./x/../temp/{NAME}",
    "backslashes": URL.replace("/", "\\"),
    "escaped slashes": URL.replace("/", "\\/"),
    "entities": html.escape(URL).replace("/", "&#x2F;"),
    "every character an entity": "".join(f"&#{ord(char)};" for char in URL),
    "entities with zeros": "".join(f"&#000{ord(char)};" for char in URL),
    "entities in hexadecimal with zeros": "".join(f"&#X0{ord(char):X};" for char in URL),
    "entities without semicolons": NAME.replace("-", "&#45;").replace("1", "%3&#x31;"),
    "an entity before a hyphen": re.sub("([0-9])-", lambda at: f"&#{ord(at[1])}-", NAME),
    "broken by entities": NAME.replace("-", "-&Tab;&NewLine;&#13;&#x0a;"),
    "markdown": f"Look at [this]({URL}).",
    "an attribute": f'<img src="{URL}">',
    "a sentence": f"It is at {URL}. And so on.",
    "broken by lines": URL.replace("-", "-\n"),
    "in another URL": f"https://example.com/?next={quote(URL, safe='')}",
    "JSON": json.dumps({"file": URL}),
    "its name alone": NAME,
}
HARMLESS = [
    "", "url_to_file", "The /api/temp/ endpoint is slow", "https://example.com/api/temp/a.png",
    "https://example.com/temp/1.png", "/elsewhere/temp/x", "2024-01-15", "100 % & more",
    f"/api/static/ticketing/{'a' * 32}-{NAME}", "1705305600000-12-a.png", f"{'1' * 60}-a",
]  # fmt: skip
every_spelling = pytest.mark.parametrize("spelling", SPELLINGS)


@every_spelling
def test_an_upload_is_known_however_it_is_spelled(spelling: str) -> None:
    assert Links([f"http://{HOST}"]).names_upload(SPELLINGS[spelling])


@pytest.mark.parametrize("text", HARMLESS)
def test_what_names_none_is_left_alone(text: str) -> None:
    assert not Links([f"http://{HOST}"]).names_upload(text)


def test_a_url_of_ours_is_refused_though_nothing_is_there() -> None:
    links = Links([f"http://{HOST}"], "127.0.0.1:80")
    loud = f"See http://{HOST.upper()}/api/temp/gone.pdf"
    for text in (f"http://{HOST}/api/temp/x", "/api/temp/x", loud, "//127.0.0.1:80/api/temp/x"):
        assert links.names_upload(text)


@every_spelling
@pytest.mark.parametrize("field", ["attachments", "description", "settings", "comment"])
async def test_whatever_the_spelling_it_is_kept_or_refused(
    disk: Api, spelling: str, field: str
) -> None:
    name = urlsplit(await uploaded(disk, PNG, "a.png", as_="admin")).path.rpartition("/")[2]
    value: Any = SPELLINGS[spelling].replace(NAME, name).replace(_broken(NAME), _broken(name))
    for encode in (lambda text: quote(text, safe=""), _percent, _entities):
        value = value.replace(encode(NAME), encode(name))
    if field == "attachments":
        answer = await ticket(disk, value, as_="admin")
    elif field == "description":
        answer = await disk.post("/api/tickets", {"title": "X", field: value}, as_="admin")
        assert (answer.status, answer.fields) == (400, {"description"})
    elif field == "settings":
        body = {"settings": {"deep": [{"file": value, value: 1}]}}
        answer = await disk.put("/api/onapps", body, as_="admin")
        assert answer.status == 400, "a key is none"
        assert answer.fields >= {f"settings.deep.0.{value}"}
        answer = await disk.put("/api/onapps", {"settings": {"file": value}}, as_="admin")
    else:
        where = await new_row(disk, "ticket", employee=disk.admin.employee_id, status="open")
        path = f"/api/tickets/{where}/comments"
        answer = await disk.post(path, {"comment": value}, as_="admin")
    assert await texts_with(disk, name) == []
    if answer.status == 400:
        assert len(files(disk, "temp")) == 1
        assert {place.split(".")[0] for place in answer.fields} == {field}
    else:
        assert answer.status in (200, 201)
        assert list(files(disk, "static").values()) == [PNG]
        assert files(disk, "temp") == {}
    plain = {"url", "path", "a query", "upper-case host", "another host", "a proxy's prefix"}
    if spelling in plain and field != "description":
        assert answer.status != 400, answer.body


async def test_a_signature_that_is_pasted_into_a_text_ends_with_its_time(
    disk: Api, now: Now
) -> None:
    url = await uploaded(disk, PNG, "a.png")
    signed = (await ticket(disk, url)).data["attachments"][0]
    body = {"title": "Another", "description": f"See {signed} please"}
    told = (await disk.post("/api/tickets", body, as_="employee")).data
    assert told["description"] == body["description"]
    path = signed.removeprefix(disk.app.settings.files_base)
    assert (await disk.get(path)).status == 200
    now.shift(minutes=15, seconds=1)
    assert (await disk.get(path)).status == 403
    comments = f"/api/tickets/{told['id']}/comments"
    said = await disk.post(comments, {"comment": f"See {signed} please"}, as_="employee")
    assert said.status == 201, said.body
    [stored] = await disk.sql("SELECT comment FROM ticket_comment")
    assert stored["comment"] == f"See {path.partition('?')[0]} please"


def _broken(text: str) -> str:
    return text.replace("-", "-\n")


def _percent(text: str) -> str:
    return "".join(f"%{ord(char):02x}" for char in text)


def _entities(text: str) -> str:
    return "".join(f"&#{ord(char)};" for char in text)


async def test_an_escaped_url_is_seen_in_the_body_as_it_was_sent(disk: Api) -> None:
    url = await uploaded(disk, PNG, "a.png")
    escaped = "".join(f"\\u{ord(char):04x}" for char in url)
    for spelled in (url.replace("/", "\\/"), escaped):
        raw = f'{{"title": "X", "description": "{spelled}"}}'.encode()
        headers = {"Content-Type": "application/json"}
        answer = await disk.post("/api/tickets", raw=raw, as_="employee", headers=headers)
        assert answer.fields == {"description"}


async def test_a_list_names_the_item(disk: Api) -> None:
    url = await uploaded(disk, PNG, "a.png", as_="admin")
    lines = f"name,phone\nDewi,1\nAna,{url[-40:]}\nBudi,{path_of(disk, url)}\n"
    answer = await disk.post(
        "/api/employees/import",
        raw=lines.encode(),
        as_="admin",
        headers={"Content-Type": "text/csv"},
    )
    assert answer.status == 400
    told = {(error["line"], error["field"]) for error in answer.json["errors"]}
    assert (4, "phone") in told
    assert await disk.sql("SELECT * FROM employee WHERE name = 'Dewi'") == []


# ---- Comments on tickets ----------------------------------------------------------------------


async def _ticket(api: Api) -> int:
    return int((await ticket(api)).data["id"])


async def test_a_link_in_a_comment_becomes_a_file_of_the_ticket(disk: Api) -> None:
    id_ = await _ticket(disk)
    first, second = [await uploaded(disk, PNG, "a.png") for _ in range(2)]
    said = f"Twice {first}, and {path_of(disk, second)}?s=download. Again {first}!"
    made = (await disk.post(f"/api/tickets/{id_}/comments", {"comment": said}, as_="employee")).data
    assert len(made["files"]) == 2
    assert made["comment"].startswith("Twice http")
    [listed] = (await disk.get(f"/api/tickets/{id_}/comments", as_="employee")).data
    for shown in (made, listed):
        for url in shown["files"]:
            assert url in shown["comment"]
            parts = urlsplit(url)
            assert (await disk.get(f"{parts.path}?{parts.query}")).body == PNG
            assert (await disk.get(parts.path, as_="employee")).body == PNG
            assert (await disk.get(parts.path, as_="stranger")).status == 403
    [row] = await disk.sql("SELECT comment, files FROM ticket_comment")
    assert all(name in row["comment"] for name in row["files"])
    assert "?" not in row["comment"]
    happened = (await disk.get(f"/api/tickets/{id_}/history", as_="employee")).data
    assert happened[-1]["comment"]["files"][0].startswith("http")


@pytest.mark.parametrize("way", ["comment", "notes"])
async def test_a_file_of_an_internal_comment_is_for_agents(disk: Api, way: str) -> None:
    id_ = await _ticket(disk)
    url = await uploaded(disk, PNG, "a.png", as_="admin")
    where = f"/api/tickets/{id_}"
    if way == "notes":
        answer = await disk.put(where, {"notes": f"See {url}"}, as_="admin")
    else:
        body = {"comment": f"See {url}", "internal": True}
        answer = await disk.post(f"{where}/comments", body, as_="admin")
    assert answer.status in (200, 201)
    [row] = await disk.sql("SELECT files FROM ticket_comment")
    [name] = row["files"]
    assert (await disk.get(name, as_="admin")).body == PNG
    assert (await disk.get(name, as_="employee")).status == 403
    # Nor does naming it give a right to it, in a comment or among the attachments.
    comment = {"comment": f"I like {name}."}
    assert (await disk.post(f"{where}/comments", comment, as_="employee")).status == 400
    assert (await ticket(disk, name)).status == 400
    assert (await disk.get(name, as_="employee")).status == 403


async def test_a_comment_may_speak_of_files_elsewhere(disk: Api) -> None:
    id_ = await _ticket(disk)
    me = f"/api/employees/{disk.employee.employee_id}"
    url = await uploaded(disk, PNG, "a.png")
    photo = (await disk.put(me, {"photo": url}, as_="employee")).data["photo"]
    said = f"See {photo} and https://example.com/api/static/ticketing/x-a.png."
    made = await disk.post(f"/api/tickets/{id_}/comments", {"comment": said}, as_="employee")
    [row] = await disk.sql("SELECT comment, files FROM ticket_comment")
    assert row["files"] == made.data["files"] == []
    # The signature is the writer's right, and not for who reads this.
    assert row["comment"] == said.replace(photo, photo.partition("?")[0])


# ---- Portfolios -------------------------------------------------------------------------------


async def test_a_portfolio_is_for_who_sees_freelancers(disk: Api) -> None:
    url = await uploaded(disk, PNG, "a.png", as_="admin")
    body = {"name": "Jane", "email": "jane@example.com", "portfolio": url}
    made = (await disk.post("/api/freelance", body, as_="admin")).data
    shown = urlsplit(made["portfolio"])
    assert shown.path.startswith("/api/static/freelance/")
    assert (await disk.get(f"{shown.path}?{shown.query}")).body == PNG
    for person, status in (("admin", 200), ("hr", 200), ("employee", 403), (None, 401)):
        assert (await disk.get(shown.path, as_=person)).status == status, person
    same = await disk.put(
        f"/api/freelance/{made['id']}", {"portfolio": made["portfolio"]}, as_="admin"
    )
    assert urlsplit(same.data["portfolio"]).path == shown.path
    assert (await disk.delete(f"/api/freelance/{made['id']}", as_="admin")).status == 200
    assert (await disk.get(shown.path, as_="admin")).status == 404
