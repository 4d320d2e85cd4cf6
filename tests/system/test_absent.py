"""A PostgreSQL that is not there when the server starts, and comes up 20 s later."""

import time
from collections.abc import Callable

from tests.processes import Process, ask
from tests.system.clusters import Authority, way
from tests.system.conftest import Clusters


def test_a_start_waits_for_a_server_that_comes_up_later(
    clusters: Clusters, authority: Authority, serving: Callable[..., Process]
) -> None:
    primary = clusters.primary()
    primary.stop()
    process = serving(**way(authority, primary))
    time.sleep(20)
    assert process.popen.poll() is None, process.stderr
    assert process.stderr.count("aiting for PostgreSQL") == 1, process.stderr
    primary.start()
    port = process.ready().port
    assert ask(port, "/readyz").status == 200
    body = {"name": "Made at last"}
    made = ask(port, "/api/departments", token=clusters.tokens[0], body=body)
    assert made.status == 201, made
    assert process.stderr.count("aiting for PostgreSQL") == 1
    assert "Traceback" not in process.stderr
    assert process.stop() == 0


def test_where_no_server_takes_writes_a_start_waits_as_long_as_it_may(
    clusters: Clusters, authority: Authority, serving: Callable[..., Process]
) -> None:
    primary = clusters.primary()
    standbys = [clusters.standby(primary), clusters.standby(primary)]
    primary.stop()
    began = time.monotonic()
    process = serving(**way(authority, primary, *standbys), PG_WAIT_SECONDS="4")
    assert process.popen.wait(60) == 1
    assert 4 <= time.monotonic() - began < 20
    waiting, why = process.stderr.splitlines()
    assert waiting.startswith("sunshine: waiting for PostgreSQL at localhost:")
    assert "at most 4 s" in waiting
    assert "read-only" in why
    assert all(f"localhost:{each.port}" in waiting for each in (primary, *standbys))


def test_a_wrong_password_is_told_at_once(
    clusters: Clusters, authority: Authority, serving: Callable[..., Process]
) -> None:
    primary = clusters.primary()
    primary.ask_for_passwords(sunshine="the right one")
    began = time.monotonic()
    process = serving(**way(authority, primary), PG_SUNSHINE_PASSWORD="a wrong one")
    assert process.popen.wait(60) == 1
    assert time.monotonic() - began < 20  # of the 60 that it would wait for a server
    [line] = process.stderr.splitlines()
    assert line.startswith("sunshine: ")
    assert "password authentication failed" in line
    assert "a wrong one" not in line
    right = serving(**way(authority, primary), PG_SUNSHINE_PASSWORD="the right one").ready()
    assert ask(right.port, "/readyz").status == 200
    assert right.stop() == 0
