"""Two servers behind nginx, as config/nginx.conf has it, on the same databases: one system."""

import os
import secrets
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from sunshine.database import embedded as launcher
from sunshine.operations.rate_limits import AWAY_SECONDS, REDIS_SECONDS
from tests.conftest import PASSWORD
from tests.processes import CHECKOUT, Process, reach
from tests.system.conftest import People
from tests.system.machine import (
    Certificate,
    Client,
    Clients,
    Listener,
    Nginx,
    Redis,
    Said,
    until,
)


@pytest.fixture
def pair(start: Callable[..., Process]) -> list[Process]:
    """Two servers, ready."""
    return [process.ready() for process in [start(), start()]]


@pytest.fixture
def front(nginx: Callable[..., Nginx], pair: list[Process]) -> Nginx:
    """nginx before both."""
    return nginx(*(process.port for process in pair))


@pytest.fixture
def limited(
    start: Callable[..., Process], redis: Redis, nginx: Callable[..., Nginx]
) -> tuple[list[Process], Nginx]:
    """Two servers that count in one Redis, and nginx before them."""
    counting = {"RATE_LIMIT_ENABLED": "true", "RATE_LIMIT_STORAGE": redis.uri}
    servers = [process.ready() for process in [start(**counting), start(**counting)]]
    return servers, nginx(*(process.port for process in servers))


def test_a_request_passes_with_what_the_client_is(
    front: Nginx, certificate: Certificate, people: People, start: Callable[..., Process]
) -> None:
    with Client(front.https, certificate) as client, Client(front.http) as plain:
        said = client.ask("/api/departments?search=typed-in", token=people.admin)
        assert said.status == 200
        assert said.headers["Strict-Transport-Security"]
        assert said.headers["X-Request-Id"]
        assert "Server" not in said.headers or "/" not in said.headers["Server"]
        moved = plain.ask("/api/departments")
        assert (moved.status, moved.headers["Location"]) == (
            301,
            "https://127.0.0.1/api/departments",
        )
        missing = client.ask("/metrics", token=people.admin)
        assert (missing.status, missing.json["code"]) == (404, "not_found")
    log = front.log.read_text()
    assert "/api/departments" in log
    assert "typed-in" not in log
    assert people.admin not in log


def test_the_host_of_files_has_no_api(
    start: Callable[..., Process],
    nginx: Callable[..., Nginx],
    certificate: Certificate,
    people: People,
    folder: Path,
) -> None:
    """As the guide has it: another name of the same server, which nginx passes on."""
    origin = "https://files.example.com"
    server = start(FILES_ORIGIN=origin).ready()
    front = nginx(server.port)
    stored = folder / "files" / "static" / "cms" / "a.pdf"
    stored.parent.mkdir(parents=True, exist_ok=True)
    stored.write_bytes(b"%PDF-1.7 a file")
    hosts = {"files": "files.example.com", "api": "api.example.com"}
    with Client(front.https, certificate) as client:
        for shown, host in (("inline", hosts["files"]), ("attachment", hosts["api"])):
            said = client.ask("/api/static/cms/a.pdf", Host=host)
            assert (said.status, said.body) == (200, b"%PDF-1.7 a file")
            assert said.headers["Content-Disposition"].startswith(f"{shown};")
        for path in ("/api/users", "/", "/healthz", "/api/docs", "/ws/tickets"):
            said = client.ask(path, token=people.admin, Host=hosts["files"])
            assert (said.status, said.json["code"]) == (404, "not_found")
        assert client.ask("/api/users", token=people.admin, Host=hosts["api"]).status == 200


def test_what_nginx_says_itself_has_the_one_error_shape(
    front: Nginx, pair: list[Process], certificate: Certificate, people: People
) -> None:
    with Client(front.https, certificate) as client:
        large = client.ask(
            "/api/departments", b"x" * (12 << 20), people.admin, Content_Type="application/json"
        )
        client.close()
        for process in pair:
            process.kill()
        away = [client.ask("/api/departments", token=people.admin) for _ in range(3)]
    assert (large.status, large.json["code"]) == (413, "too_large")
    for said in (large, *away):
        assert "default-src 'none'" in said.headers["Content-Security-Policy"]
        assert said.headers["X-Content-Type-Options"] == "nosniff"
        assert said.headers["Content-Type"] == "application/json; charset=utf-8"
        assert said.json.keys() == {"success", "message", "errors", "code"}
    assert [(said.status, said.json["code"]) for said in away] == [(503, "unavailable")] * 3
    assert all(said.headers["Retry-After"] for said in away)


def test_ten_mebibytes_pass_to_the_server(
    front: Nginx, certificate: Certificate, people: People
) -> None:
    """What is over its own limit it refuses itself."""
    for size in ((10 << 20) - 4, 10 << 20, (10 << 20) + 1):
        with Client(front.https, certificate) as client:
            said = client.ask(
                "/api/departments", b'"' + b"x" * (size - 2) + b'"', people.admin,
                Content_Type="application/json",
            )  # fmt: skip
        assert said.headers["X-Request-Id"], "the server answered"
        assert said.status == (413 if size > 10 << 20 else 400)


def test_nothing_acknowledged_is_lost_when_a_server_is_killed(
    front: Nginx, pair: list[Process], certificate: Certificate, people: People,
    start: Callable[..., Process],
) -> None:  # fmt: skip
    """Twice, under load; a write that was not answered is sent again with its key. Sockets find
    the other server and miss nothing."""
    employee = people.tokens[1]
    with (
        Clients(lambda: Client(front.https, certificate), people.admin, retries=True) as clients,
        Listener(front.https, people.admin, certificate) as listener,
        Client(front.https, certificate) as reporter,
    ):
        tickets = []
        for victim in (0, 1):
            time.sleep(1.5)
            pair[victim].kill()
            for _ in range(10):
                tickets.append(opened(reporter, employee))
            port = str(pair[victim].port)
            pair[victim] = start(SERVER_PORT=port).ready()
            tickets.append(opened(reporter, employee))
        last = tickets[-1]
        until(lambda: last in listener.told)
    names = people.connection.execute("SELECT name FROM department").fetchall()
    assert sorted(name for (name,) in names) == sorted(clients.acknowledged)
    assert len(clients.acknowledged) > 50
    assert listener.told == sorted(tickets)
    assert listener.connections >= 2
    twice = people.connection.execute(
        "SELECT job, due_at FROM job_run WHERE status = 'done' AND NOT by_hand"
        " GROUP BY job, due_at HAVING count(*) > 1"
    ).fetchall()
    assert twice == []
    done = "SELECT DISTINCT job FROM job_run WHERE status = 'done'"
    until(lambda: len(people.connection.execute(done).fetchall()) > 5)
    print(f"{clients.answered}, {len(clients.failures)} reads failed at the kills")


def opened(client: Client, token: str) -> int:
    """A ticket's id. nginx does not send a POST on that a server may have begun; the client does,
    with its key."""
    key = secrets.token_hex(8)
    for _ in range(100):
        said = client.ask("/api/tickets", {"title": "Broken"}, token, Idempotency_Key=key)
        if said.status == 201:
            return int(said.json["data"]["id"])
        assert said.status in (409, 503), said
        time.sleep(0.05)
    raise AssertionError("it was never opened")


def test_two_servers_are_one(pair: list[Process], people: People) -> None:
    employee, key = people.tokens[1], "the-same-key"
    with Client(pair[0].port) as one, Client(pair[1].port) as other:
        assert other.ask("/api/auth/account", token=employee).status == 200
        assert one.ask("/api/auth/logout", token=employee).status == 200
        assert other.ask("/api/auth/account", token=employee).status == 401
        answers = [
            client.ask("/api/departments", {"name": "Legal"}, people.admin, Idempotency_Key=key)
            for client in (one, other)
        ]
    assert [said.status for said in answers] == [201, 201]
    assert answers[0].json["data"] == answers[1].json["data"]


def test_each_client_behind_nginx_has_a_bucket_of_all_servers(
    limited: tuple[list[Process], Nginx], certificate: Certificate
) -> None:
    """A spoofed address never changes it."""
    _, front = limited
    with (
        Client(front.https, certificate, source="127.0.0.2") as one,
        Client(front.https, certificate, source="127.0.0.3") as other,
    ):
        for number in range(100):
            spoofed = {
                "X_Forwarded_For": f"198.51.100.{number}", "X_Real_IP": f"203.0.113.{number}",
                "Forwarded": f"for=192.0.2.{number}",
            }  # fmt: skip
            said = one.ask("/api/departments", **spoofed)
            assert said.status == 401
            assert said.headers["X-RateLimit-Remaining"] == str(99 - number)
        refused = one.ask("/api/departments", X_Forwarded_For="198.51.100.200")
        assert (refused.status, refused.json["code"]) == (429, "too_many_requests")
        wait, reset = int(refused.headers["Retry-After"]), int(refused.headers["X-RateLimit-Reset"])
        assert 0 < wait <= 901
        assert abs(time.time() + wait - reset) < 3
        fresh = other.ask("/api/departments")
        assert (fresh.status, fresh.headers["X-RateLimit-Remaining"]) == (401, "99")


def test_an_office_of_250_signs_in_from_one_address(
    limited: tuple[list[Process], Nginx], certificate: Certificate
) -> None:
    _, front = limited
    with Client(front.https, certificate, source="127.0.0.2") as office:
        for number in range(1, 251):
            body = {"username": f"person{number}", "password": PASSWORD}
            assert office.ask("/api/auth/login", body).status == 200, number


def test_strangers_slow_strangers_at_all_servers_until_somebody_unlocks(
    limited: tuple[list[Process], Nginx], folder: Path, postgres: launcher.Server
) -> None:
    servers, _ = limited
    with Client(servers[0].port) as one, Client(servers[1].port) as other:
        clients = [one, other]

        def tried(client: Client, address: str, password: str = PASSWORD, **more: Any) -> Said:
            body = {"username": "person1", "password": password}
            return client.ask("/api/auth/login", body, X_Forwarded_For=address, **more)

        proof = tried(one, "203.0.113.7").json["token"]
        for number in range(50):
            said = tried(clients[number % 2], f"192.0.2.{number}", "wrong-password")
            assert said.status == 401, number
        for client in clients:
            refused = tried(client, "198.51.100.1")
            assert refused.status == 429
            assert 0 < int(refused.headers["Retry-After"]) <= 16
            assert tried(client, "203.0.113.7").status == 200
        assert tried(other, "198.51.100.2", token=proof).status == 200
        done = subprocess.run(
            [sys.executable, "cli.py", "users", "unlock", "person1"],
            cwd=CHECKOUT, capture_output=True, text=True,
            env={"PATH": os.environ["PATH"], "SUNSHINE_HOME": str(folder), **reach(postgres)},
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        assert [tried(each, f"198.51.100.{3 + n}").status for n, each in enumerate(clients)] == [
            200, 200,
        ]  # fmt: skip


def test_fifty_guesses_at_once_are_no_more_than_ten_of_all_servers(
    limited: tuple[list[Process], Nginx],
) -> None:
    servers, _ = limited

    def guess(number: int) -> int:
        with Client(servers[number % 2].port) as client:
            body = {"username": "person2", "password": "wrong-password"}
            return client.ask("/api/auth/login", body, X_Forwarded_For="198.51.100.1").status

    with ThreadPoolExecutor(50) as pool:
        statuses = Counter(pool.map(guess, range(50)))
    # One more where it is asked in the moment between the tenth and the pause after it.
    assert statuses[401] in (10, 11)
    assert statuses[401] + statuses[429] == 50


def test_redis_that_is_away_delays_and_refuses_nobody(
    limited: tuple[list[Process], Nginx], redis: Redis, people: People
) -> None:
    servers, _ = limited
    with Client(servers[0].port) as client:

        def remaining() -> str | None:
            return client.ask("/api/departments", token=people.admin).headers[
                "X-RateLimit-Remaining"
            ]

        assert remaining() == "999"
        began = time.monotonic()
        redis.freeze()
        answers = [client.ask("/api/departments", token=people.admin) for _ in range(20)]
        assert {said.status for said in answers} == {200}
        assert {said.headers["X-RateLimit-Limit"] for said in answers} == {None}
        waited = [said for said in answers if said.seconds > REDIS_SECONDS * 0.8]
        assert len(waited) <= 5, "the first one waits, and perhaps what a busy machine delays"
        redis.kill()
        answers = [client.ask("/api/departments", token=people.admin) for _ in range(20)]
        assert {said.status for said in answers} == {200}
        redis.start()
        until(lambda: remaining() == "998")  # counted anew
        times = (time.monotonic() - began) / AWAY_SECONDS
    assert 1 <= servers[0].stderr.count("rate limits are not counted") <= times + 2
