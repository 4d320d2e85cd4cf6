"""/metrics: what a process counts of itself, and who may read it."""

import asyncio
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from prometheus_client.parser import text_string_to_metric_families
from tornado.ioloop import IOLoop

from sunshine.backups import manifest, outcomes, watch
from sunshine.backups.content import Content
from sunshine.backups.manifest import DatabasePart, FilesPart, Manifest, Part
from sunshine.core.settings import Settings
from sunshine.core.variables import DATABASES
from sunshine.database.connections import conninfo
from sunshine.database.event_log import HELD_SECONDS
from sunshine.jobs.runner import Job
from sunshine.jobs.schedules import Every
from sunshine.operations import rate_limits
from tests.api import Api
from tests.conftest import PASSWORD, Now, serve
from tests.sockets import connected, until

Figures = dict[tuple[str, frozenset[tuple[str, str]]], float]


async def figures(api: Api) -> Figures:
    answer = await api.get("/metrics")
    assert answer.status == 200
    assert answer.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(answer.body.decode())
        for sample in family.samples
    }


def value(found: Figures, name: str, **labels: str) -> float:
    return found.get((name, frozenset(labels.items())), 0)


async def test_it_counts_answers_by_the_routes_pattern(api: Api) -> None:
    route = {"route": "/api/employees/{employee_id}", "method": "GET"}
    before = await figures(api)
    for employee in (api.admin.employee_id, api.hr.employee_id, 999_999):
        await api.get(f"/api/employees/{employee}", as_="admin")
    after = await figures(api)

    def grown(name: str, **labels: str) -> float:
        return value(after, name, **labels) - value(before, name, **labels)

    assert grown("sunshine_requests_total", **route, status="2xx") == 2
    assert grown("sunshine_requests_total", **route, status="4xx") == 1
    assert grown("sunshine_request_seconds_count", **route) == 3
    assert grown("sunshine_request_seconds_bucket", **route, le="+Inf") == 3
    assert 0 < grown("sunshine_request_seconds_sum", **route) < 3
    assert not [labels for _, labels in after if "999999" in str(labels)]


async def test_a_stranger_makes_no_labels(api: Api) -> None:
    await api.get("/metrics")
    before = await figures(api)
    for number in range(3):
        await api.get(f"/nowhere/{number}")
        await api.call(f"SHOE{number}", "/", raw=b"")
    after = await figures(api)
    made = {labels for name, labels in after if name == "sunshine_requests_total"}
    made -= {labels for name, labels in before if name == "sunshine_requests_total"}
    assert {frozenset(dict(labels).items() - {("status", "4xx")}) for labels in made} <= {
        frozenset({("route", "(none)"), ("method", "GET")}),
        frozenset({("route", "(none)"), ("method", "(other)")}),
        frozenset({("route", "/metrics"), ("method", "GET"), ("status", "2xx")}),
    }


async def test_buckets_hold_those_below_them(api: Api) -> None:
    await api.get("/api/employees", as_="admin")
    found = await figures(api)
    of = {"route": "/api/employees", "method": "GET"}
    steps = [
        value(found, "sunshine_request_seconds_bucket", **of, le=bound)
        for bound in ("0.005", "0.1", "1.0", "10.0", "+Inf")
    ]
    assert steps == sorted(steps)
    assert steps[-1] == value(found, "sunshine_request_seconds_count", **of)


async def test_it_tells_how_the_parts_are(api: Api) -> None:
    async with connected(api, as_="employee") as one, connected(api, as_="manager") as other:
        await one.ready()
        await other.ready()
        found = await figures(api)
    assert value(found, "sunshine_sockets", channel="tickets") == 2
    for database in ("sunshine", "fleet", "cms", "mitra"):
        most = api.app.settings.databases[database].pool_max
        assert value(found, "sunshine_pool_max", database=database) == most
        assert ("sunshine_pool_waiting", frozenset({("database", database)})) in found
    assert value(found, "sunshine_pool_connections", database="sunshine", state="idle") >= 1
    assert value(found, "sunshine_pool_connections", database="mitra", state="used") == 0
    assert value(found, "sunshine_feed_connected", database="sunshine") == 1
    assert value(found, "sunshine_events_lag_seconds", database="sunshine") == 0
    assert value(found, "sunshine_password_queue") == 0
    assert value(found, "sunshine_loop_stall_seconds_count") > 0
    for name in ("process_resident_memory_bytes", "process_open_fds"):
        assert value(found, name) > 0


async def test_it_tells_of_connections_in_use_and_those_waited_for(api: Api) -> None:
    database = api.app.databases["mitra"]
    taken = [await database._take() for _ in range(database.settings.pool_max)]
    waiting = asyncio.create_task(database._take())
    await asyncio.sleep(0)
    found = await figures(api)
    for connection in taken:
        await database._pool.putconn(connection)
    await database._pool.putconn(await waiting)
    used = value(found, "sunshine_pool_connections", database="mitra", state="used")
    assert used == database.settings.pool_max
    assert value(found, "sunshine_pool_waiting", database="mitra") == 1


async def test_it_tells_since_when_events_wait_for_a_long_transaction(api: Api) -> None:
    where = conninfo(api.app.settings.databases["sunshine"])
    async with await psycopg.AsyncConnection.connect(where) as slow:
        await slow.execute("SELECT pg_current_xact_id()")
        assert (await api.post("/api/departments", {"name": "Late"}, as_="admin")).status == 201
        await until(lambda: api.app.feed.behind > 2 * HELD_SECONDS)
        found = await figures(api)
        assert value(found, "sunshine_events_lag_seconds", database="sunshine") > HELD_SECONDS
    await until(lambda: api.app.feed.behind == 0)


async def test_it_tells_of_sign_ins_that_queue(api: Api) -> None:
    body = {"username": "admin", "password": PASSWORD}
    sign_ins = [asyncio.create_task(api.post("/api/auth/login", body)) for _ in range(8)]
    await until(lambda: api.app.passwords.waiting > 1)
    assert b"sunshine_password_queue" in api.app.application.metrics.render()
    assert {(await each).status for each in sign_ins} == {200}
    assert api.app.passwords.waiting == 0


@pytest.fixture
def working(settings: Settings, io_loop: IOLoop, now: Now, api: Api) -> Iterator[Api]:
    """A server with two jobs of its own, which never runs them by itself."""

    async def well(_: Any) -> dict[str, int]:
        return {"done": 1}

    async def badly(_: Any) -> dict[str, int]:
        raise RuntimeError

    jobs = [Job("well", "", Every(1), well), Job("badly", "", Every(1), badly)]
    for server in serve(settings, io_loop, now, jobs):
        server.cast = api.cast
        yield server


async def test_it_tells_how_jobs_went_in_any_process(working: Api) -> None:
    await working.app.jobs.tick()
    await working.app.jobs.tick()
    found = await figures(working)
    assert value(found, "sunshine_job_runs_total", job="well", outcome="done") == 1
    assert value(found, "sunshine_job_runs_total", job="badly", outcome="failed") == 1
    assert value(found, "sunshine_job_last_run_failed", job="well") == 0
    assert value(found, "sunshine_job_last_run_failed", job="badly") == 1
    began = value(found, "sunshine_job_last_run_timestamp_seconds", job="well")
    assert abs(working.app.application.clock().timestamp() - began) < 60


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"X-Forwarded-For": "127.0.0.1"}, 200),
        ({"X-Forwarded-For": "203.0.113.9"}, 404),
        ({"X-Forwarded-For": "127.0.0.1, 203.0.113.9"}, 404),
        ({"X-Real-IP": "203.0.113.9"}, 404),
    ],
)
async def test_it_is_for_allowed_addresses(api: Api, headers: dict[str, str], status: int) -> None:
    answer = await api.get("/metrics", as_="admin", headers=headers)
    assert answer.status == status
    if status == 404:
        assert answer.code == "not_found"


@pytest.fixture
def elsewhere(settings: Settings, io_loop: IOLoop, now: Now) -> Iterator[Api]:
    allowed = replace(settings, metrics_allow=("203.0.113.0/24",))
    yield from serve(allowed, io_loop, now)


async def test_the_addresses_are_a_setting(elsewhere: Api) -> None:
    assert (await elsewhere.get("/metrics")).status == 404
    prometheus = {"X-Forwarded-For": "203.0.113.9"}
    assert (await elsewhere.get("/metrics", headers=prometheus)).status == 200


async def test_ipv4_is_the_same_over_a_socket_for_both(api: Api) -> None:
    """systemd's may be one: it tells 127.0.0.1 as ::ffff:127.0.0.1."""
    request: Any = type("Request", (), {"remote_ip": "::ffff:127.0.0.1", "headers": {}})()
    assert api.app.application.client_address(request) == "127.0.0.1"
    assert api.app.application.may_watch(request)
    request.headers = {"X-Forwarded-For": "::ffff:198.51.100.7"}
    assert api.app.application.client_address(request) == "198.51.100.7"
    request.remote_ip = "::ffff:198.51.100.8"
    assert api.app.application.client_address(request) == "198.51.100.8"
    assert rate_limits.bucket("::ffff:198.51.100.8") == "198.51.100.8"


@pytest.fixture
def watching(
    api: Api, settings: Settings, tmp_path: Path, io_loop: IOLoop, now: Now
) -> Iterator[Api]:
    """A server that knows where its backups are."""
    for made in serve(replace(settings, backup_dir=tmp_path / "shelf"), io_loop, now):
        made.cast = api.cast
        yield made


async def looked(api: Api) -> Figures:
    api.app.backups._looked = None  # a minute later
    return await figures(api)


async def test_it_tells_how_the_backups_are(watching: Api, tmp_path: Path) -> None:
    shelf = tmp_path / "shelf"
    names = ("last_success_timestamp_seconds", "last_failure_timestamp_seconds",
             "last_verified_timestamp_seconds", "last_verify_failed", "size_bytes",
             "readable")  # fmt: skip

    async def told() -> list[float]:
        found = await looked(watching)
        return [found[f"sunshine_backup_{name}", frozenset()] for name in names]

    assert await told() == [0, 0, 0, 0, 0, 0]  # no such folder
    shelf.mkdir()
    assert await told() == [0, 0, 0, 0, 0, 1]
    made = datetime(2026, 11, 28, 2, tzinfo=UTC)
    kept(shelf, made - timedelta(days=1), 500)
    kept(shelf, made, 700)
    assert await told() == [made.timestamp(), 0, 0, 0, 700, 1]
    later = made + timedelta(hours=1)
    outcomes.failed(shelf, outcomes.Failure(later, "no room"))
    outcomes.verified(shelf, outcomes.Proof(later, "sunshine-20261128T020000Z", True))
    assert await told() == [made.timestamp(), later.timestamp(), later.timestamp(), 0, 700, 1]
    outcomes.verified(shelf, outcomes.Proof(later, "sunshine-20261128T020000Z", False))
    assert (await told())[2:4] == [0, 1]
    assert (await looked(watching))["sunshine_backups", frozenset()] == 2
    # One that has lost a part is none.
    (shelf / "sunshine-20261128T020000Z" / "cms.dump").unlink()
    found = await told()
    assert (found[0], found[4]) == ((made - timedelta(days=1)).timestamp(), 500)
    for name in (".failed.json", ".verified.json"):
        (shelf / name).write_bytes(b"junk")
    assert (await told())[1:4] == [0, 0, 0]


def kept(shelf: Path, made: datetime, size: int) -> None:
    """A backup, as far as its manifest tells."""
    folder = shelf / f"sunshine-{made:%Y%m%dT%H%M%SZ}"
    folder.mkdir()
    empty = Content({}, {}, None, None)
    parts = {name: Part(f"{name}.dump", size // 4, "") for name in DATABASES}
    for part in parts.values():
        (folder / part.name).write_bytes(bytes(part.bytes))
    databases = {n: DatabasePart(part, n, "15.1", "15.1", empty) for n, part in parts.items()}
    files = FilesPart("s3://bucket", None, None, 0, 0)
    manifest.write(folder, Manifest(1, folder.name, made, made, "0", databases, files))


async def test_backups_are_looked_at_once_a_minute_and_not_waited_for(
    watching: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks: list[Path] = []

    def look(place: Path) -> watch.Standing:
        looks.append(place)
        return watch.Standing()

    monkeypatch.setattr(watch, "standing", look)
    for _ in range(3):
        await figures(watching)
    assert len(looks) == 1
    going = threading.Event()
    monkeypatch.setattr(watch, "PATIENCE", 0.05)
    monkeypatch.setattr(watch, "standing", lambda _: going.wait(20) and watch.Standing())
    try:
        for _ in range(3):
            assert value(await looked(watching), "sunshine_backup_readable") == 0
    finally:
        going.set()
    await asyncio.sleep(0.1)
    assert value(await looked(watching), "sunshine_backup_readable") == 1


async def test_without_a_place_for_backups_there_are_no_figures_of_them(api: Api) -> None:
    assert not [name for name, _ in await figures(api) if name.startswith("sunshine_backup")]


async def test_it_tells_of_the_room_that_is_left(api: Api) -> None:
    found = await figures(api)
    assert found["sunshine_disk_free_bytes", frozenset()] > 0
    api.app.room._refused.clear()
    api.app.room.ran_out("fleet")
    try:
        found = await figures(api)
        assert value(found, "sunshine_storage_full", where="fleet") == 1
        assert value(found, "sunshine_storage_full", where="cms") == 0
    finally:
        api.app.room._refused.clear()
