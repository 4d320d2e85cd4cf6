"""One reader that sleeps while 110,000 events of 1 KiB are published: what it costs the server, and
what the others notice of it."""

import socket
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import psycopg

from benchmarks.cluster import Cluster
from benchmarks.compare import Tell
from benchmarks.holding import PATH, Heard, listening
from benchmarks.processes import BenchmarkError, growth
from benchmarks.servers import TOKEN, Running, serving

PER_SECOND = 2000
AT_ONCE = 100
AWAKE = 5
FILLING = "x" * 850
MOST_MB = 10.0
MOST_SLOWER = 1.2
HANDSHAKE = (
    f"GET {PATH} HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
    f"x-access-token: {TOKEN}\r\n\r\n"
)
# As a rule records them: the wake-up rides on the insert.
INSERT = """
INSERT INTO event (at, type, entity, entity_id, actor_type, actor_name, after)
SELECT now(), 'employee_updated', 'employee', 1, 'system', 'benchmark',
       jsonb_build_object('name', 'T' || %(at)s::bigint, 'filling', %(filling)s::text)
FROM generate_series(1, %(events)s::integer)
RETURNING pg_notify('sunshine_event', '')
"""


@dataclass(frozen=True)
class Slept:
    """What a sleeper did: by how many MB the server grew, the code with which it was closed, and
    what the others heard before, beside and after it."""

    mb: float
    code: int
    before: Heard
    beside: Heard
    after: Heard

    @property
    def slower(self) -> float:
        """By what factor the others waited longer, in the median."""
        return self.beside.p50 / ((self.before.p50 + self.after.p50) / 2)


def sleep(cluster: Cluster, *, events: int, tell: Tell) -> Slept:
    """Half of it while nobody sleeps, all of it beside a sleeper, the other half."""
    with serving("sunshine-live", cluster) as server, cluster.connect() as connection:
        _publish(connection, min(5 * PER_SECOND, events // 10))
        tell(f"sunshine-live: {events // 2:,} events of 1 KiB")
        before = _heard(server, connection, events // 2)
        tell(f"sunshine-live: {events:,} events of 1 KiB beside a sleeper")
        with growth(server.group) as grown, _sleeper(server) as code:
            beside = _heard(server, connection, events)
        tell(f"sunshine-live: {events // 2:,} events of 1 KiB")
        after = _heard(server, connection, events // 2)
        connection.execute("TRUNCATE event")
    return Slept(grown[0] / 1e6, code[0], before, beside, after)


def _heard(server: Running, connection: psycopg.Connection, events: int) -> Heard:
    with listening(server, AWAKE) as listeners:
        _publish(connection, events)
        time.sleep(1)
        return listeners.end()


def _publish(connection: psycopg.Connection, events: int) -> None:
    began = time.monotonic()
    for number in range(events // AT_ONCE):
        time.sleep(max(0.0, began + number * AT_ONCE / PER_SECOND - time.monotonic()))
        values = {"at": time.monotonic_ns(), "filling": FILLING, "events": AT_ONCE}
        connection.execute(INSERT, values)


@contextmanager
def _sleeper(server: Running) -> Iterator[list[int]]:
    """It reads nothing until the server has given it up; then everything, and the code."""
    code: list[int] = []
    with socket.socket() as sleeper:
        sleeper.settimeout(120)
        sleeper.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        sleeper.connect(("127.0.0.1", int(server.url.rpartition(":")[2])))
        sleeper.sendall(HANDSHAKE.encode())
        said = server.log.stat().st_size

        def wake() -> None:
            while b'"closed"' not in server.log.read_bytes()[said:]:
                time.sleep(0.2)
            code.append(_last_code(sleeper))

        thread = threading.Thread(target=wake, daemon=True)
        thread.start()
        yield code
        thread.join(10)
    if not code:
        raise BenchmarkError("the sleeper was not closed")


def _last_code(sleeper: socket.socket) -> int:
    """Of the close frame at the end of all that still comes; 1006 where there is none."""
    tail = b""
    while data := sleeper.recv(1 << 20):
        tail = (tail + data)[-100:]
        begins = tail.rfind(b"\x88")
        if begins >= 0 and tail[begins + 1 : begins + 2] == bytes([len(tail) - begins - 2]):
            return int(struct.unpack("!H", tail[begins + 2 : begins + 4])[0])
    return 1006
