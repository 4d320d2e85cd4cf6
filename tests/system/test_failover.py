"""A primary dies under load and its standby takes over, again and again, over verified TLS.

What was acknowledged was confirmed by the standby: none of it is lost. Nothing is restarted.
"""

import http.client
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable

from tests.processes import Process, ask
from tests.system.clusters import Authority, Cluster, way, within
from tests.system.conftest import Clusters
from tests.system.machine import Client, Listener

FAILOVERS = 5
WRITERS = 6


class Writers:
    """Clients that write over and over; what fails they try again with its key, as good ones do.

    A write is a department or, by every third of them, a ticket. `names` and `tickets` were
    acknowledged; `at` is when, `statuses` counts every answer.
    """

    def __init__(self, port: int, admin: str, reporter: str) -> None:
        self.names: list[str] = []
        self.tickets: list[int] = []
        self.at: list[float] = []
        self.statuses: Counter[int] = Counter()
        self._port, self._admin, self._reporter = port, admin, reporter
        self._over = threading.Event()
        self._threads = [threading.Thread(target=self._run, args=(n,)) for n in range(WRITERS)]

    def __enter__(self) -> "Writers":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def end(self) -> None:
        """When each has been answered what it asked last."""
        self._over.set()
        for thread in self._threads:
            thread.join(60)
            assert not thread.is_alive()

    def first_after(self, moment: float) -> float:
        """Seconds from a moment to the first write that was begun and acknowledged after it."""
        within(20, lambda: self.at and self.at[-1] > moment)
        return min(at for at in self.at if at > moment) - moment

    def _run(self, number: int) -> None:
        with Client(self._port) as client:
            while not self._over.wait(0.05):
                self._write(client, is_ticket=number % 3 == 0)

    def _write(self, client: Client, *, is_ticket: bool) -> None:
        name, key = f"Department {uuid.uuid4().hex}", uuid.uuid4().hex
        path = "/api/tickets" if is_ticket else "/api/departments"
        body = {"title": "Broken"} if is_ticket else {"name": name}
        token = self._reporter if is_ticket else self._admin
        while True:
            try:
                said = client.ask(path, body, token, Idempotency_Key=key)
            except (OSError, http.client.HTTPException):
                self.statuses[0] += 1
                client.close()
            else:
                self.statuses[said.status] += 1
                if said.status == 201:
                    self.at.append(time.monotonic())
                    if is_ticket:
                        self.tickets.append(said.json["data"]["id"])
                    else:
                        self.names.append(name)
                    return
            time.sleep(0.05)


def confirm(primary: Cluster) -> None:
    """From now on a commit is acknowledged when a standby has it."""
    primary.set(synchronous_standby_names="*")
    state = "SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync'"
    within(30, lambda: primary.sql(state) == [(1,)])


def test_five_primaries_die_under_load_and_nothing_that_was_acknowledged_is_lost(
    clusters: Clusters, authority: Authority, serving: Callable[..., Process]
) -> None:
    primary = clusters.primary()
    standby = clusters.standby(primary)
    confirm(primary)
    process = serving(**way(authority, primary, standby)).ready()
    port, admin, reporter = process.port, clusters.tokens[0], clusters.tokens[1]
    waits = []
    with Listener(port, admin) as listener, Writers(port, admin, reporter) as writers:
        for _ in range(FAILOVERS):
            time.sleep(1)
            primary.stop("immediate")
            time.sleep(1)
            standby.promote()
            waits.append(writers.first_after(time.monotonic()))
            primary, standby = standby, primary
            standby.follow(primary)
            confirm(primary)
        time.sleep(1)
        within(5, lambda: ask(port, "/readyz").status == 200)
        writers.end()
        within(20, lambda: set(writers.tickets) <= set(listener.told))
    stored = [name for (name,) in primary.sql("SELECT name FROM department", "sunshine_db")]
    assert set(writers.names) <= set(stored)
    assert sorted(stored) == sorted(writers.names), "each once"
    assert len(writers.names) > 50
    assert max(waits) < 3
    assert writers.statuses.keys() <= {0, 201, 409, 503}
    tickets = [id_ for (id_,) in primary.sql("SELECT id FROM ticket ORDER BY id", "sunshine_db")]
    assert set(writers.tickets) <= set(tickets)
    assert sorted(listener.told) == tickets, "nothing missing, nothing twice"
    assert "Traceback" not in process.stderr
    assert process.stop() == 0
    shown = ", ".join(f"{wait:.2f}" for wait in waits)
    print(f"{len(writers.at)} writes, {dict(writers.statuses)}; first after {shown} s")
