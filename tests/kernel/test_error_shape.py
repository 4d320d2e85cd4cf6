"""Whatever goes wrong comes in one shape, and the checks come in one order."""

import asyncio
import contextlib
import http.client
import json
from collections.abc import Iterator
from dataclasses import replace
from itertools import cycle
from typing import Any

import pytest
from structlog.testing import capture_logs
from tornado.ioloop import IOLoop

import handlers
from sunshine.core.fields import MAX_BODY
from sunshine.core.settings import Settings
from sunshine.modules.employees import departments, employees
from tests.api import Answer, Api
from tests.cases import every
from tests.conftest import PASSWORD, Now, serve
from tests.route_matrix import MISSING, existing_path, stored
from tests.row_factories import new_row

KEYS = {"success", "message", "errors", "code"}
CHUNKED = {"Transfer-Encoding": "chunked"}
STRANGE = ("TRACE", "CONNECT", "PROPFIND", "FOO", "get")


@pytest.fixture
def unreachable(settings: Settings, io_loop: IOLoop, _now: Now) -> Iterator[Api]:
    """A server whose databases do not answer, where nobody waits long for them."""
    away = {
        name: replace(database, port=1, host="127.0.0.1", pool_wait=0.2)
        for name, database in settings.databases.items()
    }
    yield from serve(replace(settings, databases=away), io_loop, _now)


@pytest.fixture
def impatient(settings: Settings, io_loop: IOLoop, _now: Now) -> Iterator[Api]:
    """A server that answers within 0.3 s, one way or another."""
    yield from serve(replace(settings, request_deadline=0.3), io_loop, _now)


def is_error(answer: Answer, status: int, code: str) -> bool:
    return (
        (answer.status, answer.code) == (status, code)
        and set(answer.json) == KEYS
        and answer.headers["Content-Type"] == "application/json; charset=utf-8"
        and answer.headers.get_list("X-Request-Id") != []
    )


async def raw(api: Api, *parts: bytes, count: int = 1) -> bytes:
    """What comes back for bytes on a socket: so many answers, or all until the server closes it."""
    reader, writer = await asyncio.open_connection("127.0.0.1", api.port)
    received = b""
    with contextlib.suppress(ConnectionError, TimeoutError):
        for part in parts:
            writer.write(part)
            await writer.drain()
        while len(answers(received)) < count:
            chunk = await asyncio.wait_for(reader.read(65536), 5)
            if not chunk:
                break
            received += chunk
    writer.close()
    return received


def answers(received: bytes) -> list[tuple[int, Any]]:
    """Status and JSON body of each whole answer in what came back."""
    found = []
    while b"\r\n\r\n" in received:
        head, _, rest = received.partition(b"\r\n\r\n")
        fields = dict(line.split(b": ", 1) for line in head.split(b"\r\n")[1:])
        length = int(fields.get(b"Content-Length", b"0"))
        if len(rest) < length:
            break
        found.append((int(head.split()[1]), json.loads(rest[:length] or b"null")))
        received = rest[length:]
    return found


def request(method: str, path: str, *headers: str, body: bytes = b"") -> bytes:
    lines = [f"{method} {path} HTTP/1.1", "Host: localhost", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


# ---- Each kind of error -----------------------------------------------------------------------


async def test_it_does_not_know_other_paths(api: Api) -> None:
    for path in (
        "/nonsense", "/api", "/api/", "/api/nonsense", "/api/users/1/nonsense", "/api/Users",
        "/api//users", "/favicon.ico", "/static/x", "/api/users/abc", "/index.html", "/..",
        "/api/../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "/%00", "/<script>",
    ):  # fmt: skip
        for method in ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", *STRANGE):
            asked = request(method, path, "Connection: close")
            [(status, body)] = answers(await raw(api, asked))
            assert (status, body["code"], set(body)) == (404, "not_found", KEYS), (method, path)
    assert (await api.call("HEAD", "/nonsense")).status == 404


async def test_it_refuses_other_methods_and_names_the_right_ones(api: Api) -> None:
    # The client speaks CONNECT to proxies only: it is asked above. Strange ones are all alike.
    strange = cycle(method for method in STRANGE if method != "CONNECT")
    with every() as case:
        for route in handlers.routes:
            path = await existing_path(api, route.path)
            known = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"}
            for method in [*(known - route.methods), next(strange)]:
                answer = await api.call(method, path, as_="admin")
                with case(f"{method} {route.path}"):
                    assert answer.status == 405
                    assert answer.headers["Allow"] == route.allow
                    assert method == "HEAD" or is_error(answer, 405, "method_not_allowed")
    assert await api.events() == []


async def test_it_wants_a_token_and_says_which(api: Api) -> None:
    for token in (None, "nonsense"):
        answer = await api.get("/api/auth/account", as_=token)
        assert is_error(answer, 401, "not_signed_in")
        assert answer.headers["WWW-Authenticate"] == "x-access-token"
    body = {"username": "admin", "password": "wrong-password"}
    answer = await api.post("/api/auth/login", body)
    assert is_error(answer, 401, "invalid_credentials")
    assert answer.headers["WWW-Authenticate"]


async def test_it_says_the_other_refusals_in_the_same_shape(api: Api) -> None:
    mine = {"name": "Ours"}
    assert (await api.post("/api/departments", mine, as_="admin")).status == 201
    refusals = [
        (await api.post("/api/departments", {}, as_="admin"), 400, "validation_failed"),
        (await api.post("/api/departments", mine, as_="employee"), 403, "not_allowed"),
        (await api.get(f"/api/departments/{MISSING}", as_="admin"), 404, "not_found"),
        (await api.post("/api/departments", mine, as_="hr"), 409, "department_name_taken"),
        (
            await api.call("POST", "/api/departments", raw=b"name=A", as_="admin"),
            415, "unsupported_media_type",
        ),
    ]  # fmt: skip
    for answer, status, code in refusals:
        assert is_error(answer, status, code)
    for answer in (refusals[0][0], refusals[3][0]):
        assert answer.json["errors"][0].keys() == {"field", "message"}
        assert answer.fields == {"name"}


@pytest.mark.parametrize("length", [str(MAX_BODY + 1), "1" + "0" * 12, "9" * 30, "9" * 5000],
                         ids=len)  # fmt: skip
async def test_it_refuses_a_large_body_before_it_comes(api: Api, length: str) -> None:
    for method, path in (("POST", "/api/auth/login"), ("PUT", "/api/users/1"), ("GET", "/")):
        for expect in ((), ("Expect: 100-continue",)):
            asked = request(method, path, f"Content-Length: {length}", *expect)
            [(status, body)] = answers(await raw(api, asked))
            assert (status, body["code"], set(body)) == (413, "too_large", KEYS)


async def test_it_is_heard_by_a_client_that_sends_everything_first(api: Api) -> None:
    def send(path: str, body: Any) -> int:
        connection = http.client.HTTPConnection("127.0.0.1", api.port, timeout=10)
        connection.request("POST", path, body, encode_chunked=not isinstance(body, bytes),
                           headers={} if isinstance(body, bytes) else CHUNKED)  # fmt: skip
        status = connection.getresponse().status
        connection.close()
        return status

    large = b" " * (2 * MAX_BODY)
    pieces = [b" " * 65536] * 320
    for path, status in (("/api/auth/login", 413), ("/nowhere", 404)):
        assert await asyncio.to_thread(send, path, large) == status
        assert await asyncio.to_thread(send, path, iter(pieces)) == status


async def test_it_refuses_a_large_body_of_unknown_length(api: Api) -> None:
    start = request("POST", "/api/auth/login", "Transfer-Encoding: chunked")
    chunk = b"100000\r\n" + b" " * 0x100000 + b"\r\n"
    end = b"0\r\n\r\n"
    whole = answers(await raw(api, start, *[chunk] * 10, end))
    assert [(status, body["code"]) for status, body in whole] == [(415, "unsupported_media_type")]
    received = await raw(api, start, *[chunk] * 10, b"1\r\n \r\n", end)
    assert [(status, body["code"]) for status, body in answers(received)] == [(413, "too_large")]
    endless = await raw(api, start, *[chunk] * 30)
    assert [(status, body["code"]) for status, body in answers(endless)] == [(413, "too_large")]
    assert (await api.get("/")).status == 200


async def test_it_takes_a_body_of_exactly_10_mib(api: Api) -> None:
    body = json.dumps({"username": "admin", "password": PASSWORD}).encode()
    headers = {"Content-Type": "application/json"}
    full = body.ljust(MAX_BODY)
    answer = await api.call("POST", "/api/auth/login", raw=full, headers=headers)
    assert answer.status == 200
    answer = await api.call("POST", "/api/departments", raw=full, headers=headers)
    assert answer.status == 401


@pytest.mark.parametrize(
    "headers",
    [["Content-Length: abc"], ["Content-Length: -1"], ["Content-Length: 1, 2"],
     ["Content-Length: \u00b2"], ["Content-Length: 1", "Content-Length: 2"],
     ["Transfer-Encoding: gzip"], ["Transfer-Encoding: chunked", "Content-Length: 1"]]
)  # fmt: skip
async def test_it_survives_a_length_that_is_none(api: Api, headers: list[str]) -> None:
    received = await raw(api, request("POST", "/api/auth/login", *headers, body=b"x"))
    assert received[:12] in (b"", b"HTTP/1.1 400", b"HTTP/1.1 413", b"HTTP/1.1 501")
    assert (await api.get("/")).status == 200


async def test_it_tells_nothing_of_a_crash_but_its_request_id(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def crash(*_: Any, **__: Any) -> None:
        raise RuntimeError("postgresql://user:secret@host/")

    monkeypatch.setattr(employees, "page", crash)
    with capture_logs() as lines:
        answer = await api.get(
            "/api/employees?search=private", as_="admin", headers={"X-Request-Id": "abc-123"}
        )
    assert answer.status == 500
    assert answer.json == {
        "success": False, "message": "Internal server error", "errors": [],
        "code": "internal_error", "requestId": "abc-123",
    }  # fmt: skip
    assert answer.headers["X-Request-Id"] == "abc-123"
    [line] = [line for line in lines if line["event"] == "crash"]
    assert (line["log_level"], line["request_id"]) == ("error", "abc-123")
    assert "secret" in str(line["exc_info"][1])
    assert (await api.get("/")).status == 200


async def test_it_keeps_nothing_of_a_change_that_crashes(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    create = type(departments.departments).create

    async def crash(*arguments: Any) -> None:
        await create(*arguments)
        raise RuntimeError

    before = await stored(api)
    monkeypatch.setattr(type(departments.departments), "create", crash)
    answer = await api.post("/api/departments", {"name": "Half"}, as_="admin")
    assert (answer.status, answer.json["code"]) == (500, "internal_error")
    assert answer.json["requestId"] == answer.headers["X-Request-Id"]
    assert await stored(api) == before


async def test_it_says_when_to_come_back_where_the_database_is_away(
    api: Api, unreachable: Api
) -> None:
    body = {"username": "admin", "password": PASSWORD}
    for answer in (
        await unreachable.get("/api/auth/account", as_=api.admin.token),
        await unreachable.post("/api/auth/login", body),
    ):
        assert is_error(answer, 503, "database_unavailable")
        assert int(answer.headers["Retry-After"]) > 0
    assert (await unreachable.get("/")).json == {"message": "sunshine"}
    assert (await unreachable.get("/healthz")).status == 200
    ready = await unreachable.get("/readyz")
    assert (ready.status, ready.json["success"]) == (503, False)
    assert ready.headers["Retry-After"]
    names = ("sunshine", "fleet", "cms", "mitra")
    assert ready.json["data"] == dict.fromkeys(names, "unreachable")
    assert "127.0.0.1" not in ready.body.decode()


async def test_it_answers_in_time_what_does_not_end(
    api: Api, impatient: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended = asyncio.Event()

    async def wait(*_: Any, **__: Any) -> None:
        try:
            await asyncio.sleep(30)
        finally:
            ended.set()

    monkeypatch.setattr(employees, "page", wait)
    answer = await asyncio.wait_for(impatient.get("/api/employees", as_=api.admin.token), 2)
    assert is_error(answer, 503, "deadline")
    assert answer.headers["Retry-After"]
    await asyncio.wait_for(ended.wait(), 1)


async def test_it_answers_head_as_get_without_the_body(api: Api) -> None:
    for path, token in (
        ("/", None), ("/api/departments", "admin"), ("/api/departments", None),
        ("/api/users", "employee"), (f"/api/departments/{MISSING}", "admin"), ("/nowhere", None),
        ("/api/departments?page=0", "admin"), ("/api/employees/export", "hr"),
    ):  # fmt: skip
        got, head = await api.get(path, as_=token), await api.call("HEAD", path, as_=token)
        assert (head.status, head.body) == (got.status, b"")
        for name in ("Content-Length", "Content-Type", "Content-Disposition"):
            assert head.headers.get(name) == got.headers.get(name)


async def test_it_answers_options_to_everybody(api: Api) -> None:
    with every() as case:
        for route in handlers.routes:
            answer = await api.call("OPTIONS", await existing_path(api, route.path))
            with case(route.path):
                said = (answer.status, answer.body, answer.headers["Allow"])
                assert said == (204, b"", route.allow)
    assert await api.events() == []


async def test_it_goes_on_after_a_refusal_on_the_same_connection(api: Api) -> None:
    bad = request("POST", "/api/auth/login", "Content-Length: 3", body=b"abc")
    parts = [request("GET", "/nowhere"), bad, request("DELETE", "/"), request("GET", "/")]
    statuses = [status for status, _ in answers(await raw(api, b"".join(parts), count=4))]
    assert statuses == [404, 415, 405, 200]


# ---- The order of checks: each request is wrong twice, and hears of the first -----------------


async def test_it_looks_for_the_path_before_the_size(api: Api) -> None:
    too_long = f"Content-Length: {MAX_BODY + 1}"
    [(status, _)] = answers(await raw(api, request("POST", "/nowhere", too_long)))
    assert status == 404
    [(status, _)] = answers(await raw(api, request("DELETE", "/api/users", too_long)))
    assert status == 405


async def test_it_looks_at_the_size_before_the_token(api: Api) -> None:
    too_long = f"Content-Length: {MAX_BODY + 1}"
    [(status, _)] = answers(await raw(api, request("POST", "/api/users", too_long)))
    assert status == 413


async def test_it_looks_at_the_token_before_anything_sent(api: Api) -> None:
    for media in ("text/plain", "multipart/form-data", "application/x-www-form-urlencoded"):
        headers = {"Content-Type": media, "Content-Encoding": "gzip"}
        answer = await api.call("POST", "/api/users", raw=b"&" * 2000, headers=headers)
        assert is_error(answer, 401, "not_signed_in"), media
    assert (await api.get("/api/users?page=0")).status == 401
    assert (await api.put(f"/api/users/{MISSING}", {"id": 1})).status == 401


async def test_it_looks_at_the_permission_before_the_media_type(api: Api) -> None:
    for media in ("text/plain", "multipart/form-data", "application/x-www-form-urlencoded"):
        headers = {"Content-Type": media}
        answer = await api.call("POST", "/api/users", raw=b"{", as_="manager", headers=headers)
        assert is_error(answer, 403, "not_allowed"), media
    assert (await api.get("/api/users?page=0", as_="employee")).status == 403


async def test_it_looks_at_the_media_type_before_the_schema(api: Api) -> None:
    for media in ("text/plain", "multipart/form-data", "application/x-www-form-urlencoded"):
        headers = {"Content-Type": media}
        for body in (b"{", b"{}", b"\xff"):
            answer = await api.call("POST", "/api/users", raw=body, as_="admin", headers=headers)
            assert is_error(answer, 415, "unsupported_media_type")


async def test_it_looks_at_the_schema_before_the_row(api: Api) -> None:
    wrong = {"name": 1}
    for path, caller in (
        (f"/api/departments/{MISSING}", "admin"),
        (f"/api/departments/{MISSING + 1}", "admin"),
        (f"/api/employees/{MISSING}", "employee"),
        (f"/api/employees/{api.stranger.employee_id}", "employee"),
        (f"/api/users/{api.stranger.user_id}", "employee"),
    ):
        assert (await api.put(path, wrong, as_=caller)).status == 400
    path = f"/api/employees/{api.stranger.employee_id}/shifts"
    assert (await api.post(path, {}, as_="manager")).status == 400
    assert (await api.get(f"{path}?page=0", as_="manager")).status == 400


async def test_it_looks_for_the_row_before_its_state(api: Api) -> None:
    await api.post("/api/departments", {"name": "Taken"}, as_="admin")
    taken = {"name": "Taken"}
    assert (await api.put(f"/api/departments/{MISSING}", taken, as_="admin")).status == 404
    other = await new_row(api, "department")
    assert (await api.put(f"/api/departments/{other}", taken, as_="admin")).status == 409
    # The stranger has a shift already on that day: for those who may know it.
    period = {"shiftId": await new_row(api, "shift"), "from": "2024-01-15"}
    path = f"/api/employees/{api.stranger.employee_id}/shifts"
    assert (await api.post(path, period, as_="hr")).status == 201
    assert (await api.post(path, period, as_="manager")).status == 403
    assert (await api.post(path, period, as_="hr")).status == 409
    # Another admin's last stand is no business of HR.
    assert (await api.delete(f"/api/users/{api.admin.user_id}", as_="hr")).status == 403
