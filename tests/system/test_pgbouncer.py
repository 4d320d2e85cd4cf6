"""Behind PgBouncer: everything holds by session; otherwise nothing starts, and it says why."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from sunshine.core import clock, environment
from sunshine.core.settings import Settings
from sunshine.database import pgbouncer, startup
from sunshine.database.connections import connected
from sunshine.database.database import Databases
from sunshine.database.statements import Statement
from tests.conftest import PASSWORD
from tests.processes import CHECKOUT, Process, ask
from tests.system.clusters import Cluster, PgBouncer, within
from tests.system.conftest import Clusters
from tests.system.machine import Listener
from tests.system.test_read_only import doctor

SHOWN = {
    "statement_timeout": "10s",
    "lock_timeout": "2500ms",
    "idle_in_transaction_session_timeout": "15s",
    "TimeZone": "UTC",
    "jit": "off",
}
IGNORING = {"ignore_startup_parameters": "options,extra_float_digits"}


@pytest.fixture
def primary(clusters: Clusters) -> Cluster:
    """One whose own settings are others."""
    made = clusters.primary()
    made.set(timezone="Asia/Jakarta", statement_timeout="0", jit="on")
    return made


@pytest.fixture
def behind(folder: Path, primary: Cluster) -> Iterator[Callable[..., PgBouncer]]:
    """Starts a PgBouncer before it."""
    begun: list[PgBouncer] = []

    def begin(mode: str, **settings: str) -> PgBouncer:
        begun.append(PgBouncer(folder, primary, mode, **settings))
        return begun[-1]

    yield begin
    for each in begun:
        each.stop()


def settings_of(bouncer: PgBouncer, folder: Path) -> Settings:
    return environment.load({"APP_ENV": "test", **bouncer.way}, folder)


@pytest.mark.parametrize("settings", [{}, IGNORING], ids=["refusing options", "ignoring options"])
def test_by_session_every_time_out_and_the_timezone_are_in_force(
    folder: Path, behind: Callable[..., PgBouncer], settings: dict[str, str]
) -> None:
    with startup.opened(settings_of(behind("session", **settings), folder)) as reached:
        shown = asyncio.run(in_force(reached))
    assert all(database.pooler for database in reached.databases.values())
    assert shown == [SHOWN] * 5


async def in_force(settings: Settings) -> list[dict[str, str]]:
    """On a connection of each pool, and on one of its own."""
    reached = Databases(settings, clock.now)
    await reached.open()
    ours = [text(f"SELECT current_setting('{name}') AS it") for name in SHOWN]
    found = [
        {name: (await database.one(Statement(one)))["it"]
         for name, one in zip(SHOWN, ours, strict=True)}
        for database in reached.values()
    ]  # fmt: skip
    async with await connected(settings.databases["sunshine"], "sunshine feed") as alone:
        one: dict[str, str] = {}
        for name in SHOWN:
            row = await (await alone.execute(f"SHOW {name}".encode())).fetchone()
            assert row
            one[name] = next(iter(row.values()))
    await reached.close()
    return [*found, one]


def test_by_session_a_server_serves_writes_sockets_sign_outs_and_jobs(
    clusters: Clusters, behind: Callable[..., PgBouncer], serving: Callable[..., Process],
    primary: Cluster, folder: Path,
) -> None:  # fmt: skip
    bouncer = behind("session")
    first, second = [serving(**bouncer.way).ready() for _ in range(2)]
    signed = ask(first.port, "/api/auth/login", body={"username": "boss", "password": PASSWORD})
    token = signed.json["token"]
    assert ask(second.port, "/api/auth/account", token=token).status == 200
    with Listener(second.port, token) as listener:
        body = {"title": "Lamp", "description": "Dark", "priority": "low"}
        tickets = [
            ask(first.port, "/api/tickets", token=clusters.tokens[1], body=body).json["data"]["id"]
            for _ in range(10)
        ]
        within(10, lambda: listener.told == tickets)
    out = ask(first.port, "/api/auth/logout", token=token, body={})
    assert out.status == 200
    assert out.seconds < 0.9, "no feed was waited for in vain"
    assert ask(second.port, "/api/auth/account", token=token).status == 401
    done = "SELECT count(*) FROM job_run WHERE status = 'done'"
    within(20, lambda: primary.sql(done, "sunshine_db")[0][0] > 5)
    found = doctor(**bouncer.way, SUNSHINE_HOME=str(folder), DIR=f"{folder}/files")[1]
    assert found["pooler"]["state"] == "OK"
    assert found["database cms"]["state"] == "OK"
    command: list[str | Path] = [
        sys.executable,
        CHECKOUT / "cli.py",
        "backup",
        "create",
        "--to",
        folder / "shelf",
    ]
    environ = {"PATH": os.environ["PATH"], "APP_ENV": "test", "DIR": f"{folder}/files"}
    made = subprocess.run(command, env=environ | bouncer.way, capture_output=True, text=True)
    assert made.returncode == 0, made.stderr
    for process in (first, second):
        assert process.stop() == 0
        assert "Traceback" not in process.stderr


@pytest.mark.parametrize("mode", ["transaction", "statement"])
@pytest.mark.parametrize("settings", [{}, IGNORING | {"server_round_robin": "1"}],
                         ids=["refusing options", "ignoring options"])  # fmt: skip
def test_otherwise_it_is_refused_in_one_line_by_serve_and_doctor(
    folder: Path, behind: Callable[..., PgBouncer], serving: Callable[..., Process], mode: str,
    settings: dict[str, str],
) -> None:  # fmt: skip
    bouncer = behind(mode, **settings)
    process = serving(**bouncer.way)
    assert process.popen.wait(60) == 1
    [line] = process.stderr.splitlines()
    assert f"pools sunshine_db by {mode}: Sunshine needs pool_mode = session" in line
    code, found = doctor(**bouncer.way, SUNSHINE_HOME=str(folder), DIR=f"{folder}/files")
    assert code == 4
    assert found["pooler"]["state"] == "FAIL"
    assert f"by {mode}" in found["pooler"]["found"]


def test_one_with_too_few_servers_is_told_so(
    folder: Path, behind: Callable[..., PgBouncer]
) -> None:
    settings = settings_of(behind("session", default_pool_size="1"), folder)
    found = pgbouncer.recognised(settings).databases["sunshine"]
    assert "raise default_pool_size to 23" in (pgbouncer.refusal(found) or "")


def test_without_one_none_is_recognised(settings: Settings) -> None:
    found = pgbouncer.recognised(settings)
    assert not any(database.pooler for database in found.databases.values())
