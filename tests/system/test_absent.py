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
