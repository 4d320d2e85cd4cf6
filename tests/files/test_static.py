"""/api/static: who opens a stored file, and what is sent of it."""

import asyncio
import re
import secrets
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import pytest
from structlog.testing import capture_logs

from sunshine.files.storage import CHUNK
from tests.api import Answer, Api
from tests.conftest import Now

PHOTO = b"\xff\xd8\xff a photo"


def static(api: Api) -> Path:
    return api.app.settings.directory / "static"


async def kept(
    api: Api, content: bytes = PHOTO, suffix: str = "jpg", folder: str = "employee"
) -> str:
    path = f"{folder}/{secrets.token_hex(16)}.{suffix}"
    await api.app.application.storage.write(f"static/{path}", content)
    return path


def signed(api: Api, path: str) -> str:
    """The path and query of a URL that opens a file."""
    url = urlsplit(api.app.application.signer.url(path))
    return f"{url.path}?{url.query}"


async def opened(api: Api, path: str, **headers: str) -> Answer:
    return await api.get(signed(api, path), headers=headers)


def refused(answer: Answer, status: int, code: str) -> bool:
    return (answer.status, answer.code) == (status, code) and PHOTO not in answer.body


async def test_a_signed_url_opens_a_file_to_whoever_holds_it(api: Api) -> None:
    path = await kept(api)
    for caller in (None, "stranger", "rubbish"):
        answer = await api.get(signed(api, path), as_=caller)
        assert (answer.status, answer.body) == (200, PHOTO)
    assert answer.headers["Content-Type"] == "image/jpeg"
    assert answer.headers["Content-Length"] == str(len(PHOTO))
    assert answer.headers["Cache-Control"] == "private, no-cache"
    assert await api.events() == []


async def test_the_url_is_absolute_and_ends_after_15_minutes(api: Api, now: Now) -> None:
    now.set(2024, 1, 15, 8)
    path = await kept(api)
    url = api.app.application.signer.url(path)
    base = re.escape(api.app.settings.base_domain)
    assert re.fullmatch(rf"{base}/api/static/{path}\?e=1705306500&s=[0-9a-f]{{64}}", url)
    now.set(2024, 1, 15, 8, 14, 59)
    target = url.removeprefix(api.app.settings.base_domain)
    assert (await api.get(target)).status == 200
    now.set(2024, 1, 15, 8, 15)
    assert refused(await api.get(target), 403, "not_allowed")
    assert refused(await api.get(target, as_="admin"), 403, "not_allowed")


async def test_no_other_url_opens_it(api: Api, second: Api) -> None:
    path, other = await kept(api), await kept(api, b"another")
    good = signed(api, path)
    where, _, query = good.partition("?")
    end, signature = (part[2:] for part in query.split("&"))
    foreign = type(api.app.application.signer)("another secret", "", api.app.application.clock)
    for bad in (
        f"e={end}", f"s={signature}", f"e={end}&s=", f"e=&s={signature}", "e=&s=", "e=x&s=y",
        f"e={int(end) + 1}&s={signature}", f"e=0{end}&s={signature}", f"e={end}&s={signature[:-1]}",
        f"e={end}&s={signature}0", f"e={end}&s={signature.upper()}", f"e={end}&s=%C3%A9",
        f"e={end}&s={'0' * 64}", f"e={'9' * 5000}&s={signature}",
        foreign.url(path).partition("?")[2], signed(api, other).partition("?")[2],
    ):  # fmt: skip
        assert refused(await api.get(f"{where}?{bad}"), 403, "not_allowed"), bad
        assert refused(await api.get(f"{where}?{bad}", as_="admin"), 403, "not_allowed"), bad
    assert (await second.get(good)).status == 200, "another process of ours"


async def test_without_a_signature_it_asks_for_a_token(api: Api) -> None:
    """Which opens nothing that no row names; that it names nothing, who sees all rows may know."""
    where = f"/api/static/{await kept(api)}"
    for token in (None, "rubbish"):
        assert refused(await api.get(where, as_=token), 401, "not_signed_in")
    for name in api.cast:
        sees_all = name in ("admin", "hr")
        expected = (404, "not_found") if sees_all else (403, "not_allowed")
        assert refused(await api.get(where, as_=name), *expected), name


async def test_public_images_need_neither(api: Api) -> None:
    for folder in ("cms/blog", "onapps/voucher"):
        where = f"/api/static/{await kept(api, folder=folder)}"
        for caller in (None, "employee", "rubbish"):
            answer = await api.get(where, as_=caller)
            assert (answer.status, answer.body) == (200, PHOTO)
        assert answer.headers["Cache-Control"] == "public, max-age=3600"


@pytest.mark.parametrize(
    "path",
    [
        "cms/%2e%2e/{}", "cms/..%2f{}", "onapps/x/%2e%2e/%2e%2e/{}", "cms/%2e/../{}", "cms//{}",
        "cms/..%5c{}", "cms/link.jpg", "cms/away/private/jwt_secret", "cms/blog", "cms/blog/",
        "cms/.hidden.jpg", "cms/nothing.jpg", "cms", "cms/", "cms/a%00b", "cms/%ff",
        "cms/%2Fetc%2Fpasswd", "cms/" + "x" * 5000, "cms/" + "%F0%9F%98%80" * 80,
    ],
)  # fmt: skip
async def test_nothing_else_is_reached_through_the_public_folders(api: Api, path: str) -> None:
    private = await kept(api)
    await kept(api, folder="cms/blog")
    cms = static(api) / "cms"
    (cms / ".hidden.jpg").write_bytes(PHOTO)
    for name, target in (("link.jpg", static(api) / private), ("away", cms.parents[1])):
        if not (cms / name).is_symlink():
            (cms / name).symlink_to(target)
    answer = await api.get(f"/api/static/{path.format(private)}")
    assert refused(answer, 404, "not_found")


@pytest.mark.parametrize(
    "path", ["employee/nothing.jpg", "employee", "x/.git", "cmsx/a", "%2e%2e/x"]
)
async def test_a_good_signature_of_no_file_finds_nothing(api: Api, path: str) -> None:
    await kept(api)
    assert refused(await opened(api, path.replace("%2e", ".")), 404, "not_found")


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("a.jpg", "image/jpeg"), ("a.JPEG", "image/jpeg"), ("a.png", "image/png"),
        ("a.webp", "image/webp"), ("a.gif", "image/gif"),
        ("a.pdf", "application/pdf"), ("a.PDF", "application/pdf"),
        ("a.svg", None), ("a.SVG", None), ("a.html", None), ("a.xml", None), ("a.js", None),
        ("a.svgz", None), ("a.jpg.html", None), ("a", None), ("jpg", "image/jpeg"),
    ],
)  # fmt: skip
async def test_only_images_are_shown(api: Api, name: str, kind: str | None) -> None:
    (static(api) / "employee").mkdir(parents=True, exist_ok=True)
    (static(api) / "employee" / name).write_bytes(b"<svg onload=alert(1)>")
    answer = await opened(api, f"employee/{name}")
    assert answer.status == 200
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Type"] == (kind or "application/octet-stream")
    shown = answer.headers["Content-Disposition"].partition(";")[0]
    assert shown == ("inline" if (kind or "").startswith("image/") else "attachment")
    policy = answer.headers["Content-Security-Policy"].split(";")
    assert {"default-src 'none'", "sandbox"} <= set(policy)
    assert not [each for each in policy if "script" in each]


async def test_it_says_any_name_in_a_header(api: Api) -> None:
    name = 'Ünal "x"; a=\r\nb.txt'
    (static(api) / "employee").mkdir(parents=True, exist_ok=True)
    (static(api) / "employee" / name).write_bytes(b"x")
    answer = await opened(api, f"employee/{name}")
    assert answer.status == 200
    assert answer.headers["Content-Disposition"] == (
        f"attachment; filename*=UTF-8''{quote(name, safe='')}"
    )


@pytest.mark.parametrize(
    ("asked", "status", "content"),
    [
        ("bytes=0-", 200, b"0123456789"), ("bytes=0-9", 200, b"0123456789"),
        ("bytes=0-99", 200, b"0123456789"), ("bytes=-10", 200, b"0123456789"),
        ("bytes=-99", 200, b"0123456789"), ("bytes=3-", 206, b"3456789"),
        ("bytes=3-3", 206, b"3"), ("bytes=3-5", 206, b"345"), ("bytes=-2", 206, b"89"),
        ("bytes=9-99", 206, b"9"), ("bytes=-0", 416, b""), ("bytes=10-", 416, b""),
        ("bytes=99-100", 416, b""), ("bytes=-", 200, b"0123456789"),
        ("bytes=5-3", 200, b"0123456789"), ("bytes=0-1,3-4", 200, b"0123456789"),
        ("lines=3-5", 200, b"0123456789"), ("bytes=a-b", 200, b"0123456789"),
        ("bytes=3-5x", 200, b"0123456789"), (f"bytes={'9' * 40}-", 200, b"0123456789"),
    ],
)  # fmt: skip
async def test_it_sends_a_range(api: Api, asked: str, status: int, content: bytes) -> None:
    path = await kept(api, b"0123456789")
    answer = await opened(api, path, Range=asked)
    assert answer.status == status
    if status == 416:
        assert answer.code == "range_not_satisfiable"
        assert answer.headers["Content-Range"] == "bytes */10"
        return
    assert answer.body == content
    assert answer.headers["Accept-Ranges"] == "bytes"
    begin = 10 - len(content) if asked.startswith("bytes=-") else int(content[:1])
    expected = f"bytes {begin}-{begin + len(content) - 1}/10" if status == 206 else None
    assert answer.headers.get("Content-Range") == expected


async def test_a_range_of_another_version_is_the_whole(api: Api) -> None:
    path = await kept(api, b"0123456789")
    whole = await opened(api, path)
    for version, status in (
        (whole.headers["Etag"], 206), (whole.headers["Last-Modified"], 206),
        ('"another"', 200), ("Mon, 01 Jan 2024 00:00:00 GMT", 200),
    ):  # fmt: skip
        answer = await opened(api, path, **{"Range": "bytes=3-5", "If-Range": version})
        assert answer.status == status, version


async def test_what_a_client_has_is_not_sent_again(api: Api) -> None:
    path = await kept(api)
    whole = await opened(api, path)
    etag, modified = whole.headers["Etag"], whole.headers["Last-Modified"]
    long_ago, later = "Mon, 01 Jan 2001 00:00:00 GMT", "Fri, 01 Jan 2100 00:00:00 GMT"
    for headers, status in (
        ({"If-None-Match": etag}, 304), ({"If-None-Match": f'"x", W/{etag}'}, 304),
        ({"If-None-Match": '"x"'}, 200),
        ({"If-None-Match": '"x"', "If-Modified-Since": later}, 200),
        ({"If-Modified-Since": modified}, 304), ({"If-Modified-Since": later}, 304),
        ({"If-Modified-Since": long_ago}, 200), ({"If-Modified-Since": "yesterday"}, 200),
        ({"If-Modified-Since": f"Mon, 01 Jan {'9' * 30} 00:00:00 GMT"}, 200),
        ({"If-Modified-Since": "Mon, 99 Jan 2001 00:00:00 GMT"}, 200),
    ):  # fmt: skip
        answer = await opened(api, path, **headers)
        assert (answer.status, answer.body) == (status, PHOTO if status == 200 else b""), headers
        assert answer.headers["Etag"] == etag


async def test_head_says_what_get_would(api: Api) -> None:
    path = await kept(api)
    got = await opened(api, path)
    head = await api.call("HEAD", signed(api, path), headers={"Range": "bytes=1-2"})
    assert (head.status, head.body) == (200, b"")
    for name in ("Content-Length", "Content-Type", "Etag", "Content-Disposition"):
        assert head.headers[name] == got.headers[name]
    gone = await api.call("HEAD", signed(api, "employee/nothing.jpg"))
    assert gone.status == 404


async def test_it_sends_a_large_file_in_chunks(api: Api) -> None:
    content = bytes(range(256)) * (3 * CHUNK // 256) + b"end"
    path = await kept(api, content)
    assert (await opened(api, path)).body == content
    answer = await opened(api, path, Range=f"bytes={CHUNK - 1}-{2 * CHUNK}")
    assert answer.body == content[CHUNK - 1 : 2 * CHUNK + 1]


async def test_a_client_that_hangs_up_harms_nothing(api: Api) -> None:
    path = await kept(api, bytes(20 * 2**20))
    with capture_logs() as logs:
        for _ in range(3):
            reader, writer = await asyncio.open_connection("127.0.0.1", api.port)
            writer.write(f"GET {signed(api, path)} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
            await reader.readexactly(1000)
            [sending] = [handler._task for handler in api.app.application.in_flight]
            writer.transport.abort()
            assert sending
            await asyncio.wait_for(sending, 5)
        assert (await opened(api, path, Range="bytes=0-0")).status == 206
    assert [line for line in logs if line["log_level"] == "error"] == []


async def test_links_are_made_of_paths_in_answers() -> None:
    from types import SimpleNamespace

    from sunshine.web.files.serving import with_urls

    signer = SimpleNamespace(url=lambda path: f"https://x/{path}?e&s")
    handler: Any = SimpleNamespace(application=SimpleNamespace(signer=signer))
    rows: list[dict[str, Any]] = [{"id": 1, "photo": "a.jpg"}, {"id": 2, "photo": None}, {"id": 3}]
    assert with_urls(handler, rows, "photo") == [
        {"id": 1, "photo": "https://x/a.jpg?e&s"}, {"id": 2, "photo": None}, {"id": 3},
    ]  # fmt: skip
    assert rows[0]["photo"] == "a.jpg"
