"""Databases that take no writes: a standby, a primary that was told so, none that will do."""

import json
import os
import subprocess
import sys
from collections.abc import Callable

from tests.conftest import PASSWORD
from tests.processes import CHECKOUT, Process, Said, ask
from tests.system.clusters import Authority, Cluster, way, within
from tests.system.conftest import Clusters
from tests.system.machine import Listener

NAMES = ("sunshine", "fleet", "cms", "mitra")
BODY = {"username": "boss", "password": PASSWORD}


def doctor(**environment: str) -> tuple[int, dict[str, dict[str, str]]]:
    """Its exit code, and what it found by the name of the check."""
    done = subprocess.run(
        [sys.executable, CHECKOUT / "cli.py", "doctor", "--json"],
        env={"PATH": os.environ["PATH"], "APP_ENV": "test", **environment},
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    return done.returncode, {found["check"]: found for found in json.loads(done.stdout)}


def is_read_only(said: Said) -> bool:
    """503 in the one error shape, with its reason and when to come back."""
    assert said.status == 503, said
    assert said.json.keys() >= {"success", "message", "errors", "code"}
    assert said.retry_after
    return bool(said.json["code"] == "read_only")


def is_not_ready(port: int) -> bool:
    said = ask(port, "/readyz")
    return said.status == 503 and said.json["data"] == dict.fromkeys(NAMES, "read_only")


def is_ready(port: int) -> bool:
    return ask(port, "/readyz").status == 200


def write(port: int, token: str, name: str) -> Said:
    return ask(port, "/api/departments", token=token, body={"name": name})


def test_a_standby_is_not_ready_until_it_is_promoted(
    clusters: Clusters, authority: Authority, serving: Callable[..., Process], folder: object
) -> None:
    primary = clusters.primary()
    standby = clusters.standby(primary)
    there = way(authority, standby)
    process = serving(**there).ready()
    port, token = process.port, clusters.tokens[0]

    assert is_not_ready(port)
    assert ask(port, "/healthz").status == 200
    assert is_read_only(ask(port, "/api/auth/login", body=BODY))
    assert is_read_only(write(port, token, "Refused"))
    assert ask(port, "/api/departments", token=token).status == 200
    code, found = doctor(**there, SUNSHINE_HOME=str(folder), DIR=f"{folder}/files")
    assert code == 4
    for name in NAMES:
        assert found[f"database {name}"]["state"] == "FAIL"
        assert found[f"database {name}"]["found"].startswith("read_only: the server is a standby")

    standby.promote()
    print(f"ready {within(10, lambda: is_ready(port)):.2f} s after the promotion")
    assert ask(port, "/api/auth/login", body=BODY).status == 200
    assert write(port, token, "Taken").status == 201
    assert "Traceback" not in process.stderr
    assert process.stderr.count("feed lost") <= 4, "told once for each reason"
    assert process.stop() == 0


def test_a_primary_that_becomes_read_only_is_ready_again_by_itself(
    clusters: Clusters, authority: Authority, serving: Callable[..., Process]
) -> None:
    primary = clusters.primary()
    process = serving(**way(authority, primary)).ready()
    port, token = process.port, clusters.tokens[0]
    assert write(port, token, "Before").status == 201

    primary.set(default_transaction_read_only="on")
    within(5, lambda: write(port, token, "Meanwhile").status == 503)
    assert is_not_ready(port)
    assert is_read_only(write(port, token, "Refused"))
    assert is_read_only(ask(port, "/api/auth/login", body=BODY))
    assert ask(port, "/api/departments", token=token).status == 200

    primary.set(default_transaction_read_only="off")
    within(10, lambda: is_ready(port))
    assert write(port, token, "After").status == 201
    assert "Traceback" not in process.stderr
    assert process.stop() == 0


def test_connections_to_a_demoted_primary_are_dropped(
    clusters: Clusters, authority: Authority, serving: Callable[..., Process]
) -> None:
    """It goes on running, as a primary does that nobody could reach to stop it."""
    old = clusters.primary()
    new = clusters.standby(old)
    process = serving(**way(authority, old, new)).ready()
    port, token = process.port, clusters.tokens[0]
    with Listener(port, token) as listener:
        assert write(port, token, "Before").status == 201
        old.set(default_transaction_read_only="on")
        new.promote()
        print(f"left {within(15, lambda: old.clients() == 0):.2f} s after, though nobody wrote")
        within(10, lambda: is_ready(port))
        assert write(port, token, "After").status == 201
        body = {"title": "Lamp", "description": "Dark", "priority": "low"}
        ticket = ask(port, "/api/tickets", token=clusters.tokens[1], body=body)
        assert ticket.status == 201, ticket
        within(10, lambda: ticket.json["data"]["id"] in listener.told)
    assert departments(new) == ["After", "Before"]
    assert departments(old) == ["Before"]
    assert process.stop() == 0


def test_it_waits_for_one_of_the_servers_to_take_over(
    clusters: Clusters, authority: Authority, serving: Callable[..., Process]
) -> None:
    primary = clusters.primary()
    standby = clusters.standby(primary)
    process = serving(**way(authority, primary, standby)).ready()
    port, token = process.port, clusters.tokens[0]
    primary.stop("immediate")
    within(10, lambda: is_not_ready(port))
    assert is_read_only(write(port, token, "Refused"))
    standby.promote()
    within(10, lambda: is_ready(port))
    assert write(port, token, "Taken").status == 201
    assert process.stop() == 0


def test_a_start_that_must_migrate_a_standby_says_why_it_cannot(
    clusters: Clusters, authority: Authority, serving: Callable[..., Process]
) -> None:
    primary = clusters.empty()
    standby = clusters.standby(primary)
    process = serving(**way(authority, standby), PG_WAIT_SECONDS="1")
    assert process.popen.wait(60) == 1
    lines = process.stderr.splitlines()
    assert "read-only" in lines[-1]
    assert "Traceback" not in process.stderr


def departments(cluster: Cluster) -> list[str]:
    return [
        name for (name,) in cluster.sql("SELECT name FROM department ORDER BY 1", "sunshine_db")
    ]
