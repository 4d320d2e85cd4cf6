"""A server under mixed load for long: whether its memory, descriptors and connections stay flat.

Everybody is somebody else: 2,000 people and many strangers, who read, write, mistype, are refused,
connect sockets and drop them, politely or not. Rate limits count them all, and the jobs run.
"""

import http.client
import json
import os
import random
import socket
import struct
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median

from benchmarks.cluster import Cluster
from benchmarks.compare import Tell
from benchmarks.holding import invite, tokens
from benchmarks.listeners import HANDSHAKE
from benchmarks.processes import BenchmarkError, group_rss
from benchmarks.servers import Running, serving

PEOPLE = 2000
CLIENTS = 8
PAUSE = 0.03  # seconds between the requests of one client, on average
SAMPLES = 60
# By how much the median of the last third may be above that of the middle one.
MOST_GROWTH = 6.0  # MB
MOST_DESCRIPTORS = 4
# Four pools, two feeds, and one that a job takes to have its turn.
MOST_CONNECTIONS = 20 + 3 * 10 + 2 + 1
# The answers that each kind of request may get.
EXPECTED = {
    "list": {200}, "item": {200}, "account": {200}, "ticket": {201}, "tickets": {200},
    "comment": {201}, "stranger": {401}, "nowhere": {404}, "mistake": {400}, "sign-in": {401},
    "socket": {101},
}  # fmt: skip
OFTEN = {"list": 6, "item": 6, "account": 4, "ticket": 3, "tickets": 3, "comment": 3,
         "stranger": 2, "nowhere": 1, "mistake": 2, "sign-in": 0.3, "socket": 2}  # fmt: skip

PATHS: dict[str, Callable[[random.Random], str]] = {
    "list": lambda dice: f"/api/employees?page={dice.randint(1, 100)}&search=e",
    "item": lambda dice: f"/api/employees/{dice.randint(1, 5000)}",
    "account": lambda _: "/api/auth/account",
    "ticket": lambda _: "/api/tickets",
    "tickets": lambda _: "/api/tickets",
    "comment": lambda _: "/api/tickets/{}/comments",
    "stranger": lambda _: "/api/employees",
    "nowhere": lambda dice: f"/{dice.getrandbits(32):x}",
    "mistake": lambda _: "/api/tickets",
    "sign-in": lambda _: "/api/auth/login",
    "socket": lambda _: "/ws/tickets",
}
BODIES: dict[str, dict[str, object]] = {
    "ticket": {"title": "Broken", "description": "Again", "category": "IT", "priority": "high"},
    "comment": {"comment": "still broken"},
    "mistake": {"title": 1, "shoe": 2},
    "sign-in": {"username": "nobody{}", "password": "wrong-password"},
}
NAMELESS = {"stranger", "nowhere", "sign-in"}


@dataclass(frozen=True)
class Sample:
    """The server at one moment: resident MB, open descriptors, connections to PostgreSQL."""

    mb: float
    descriptors: int
    connections: int


@dataclass(frozen=True)
class Soaked:
    """What a run showed. `before` and `after` are without load."""

    seconds: int
    requests: dict[str, int]
    before: Sample
    samples: list[Sample]
    after: Sample

    def growth(self, measure: Callable[[Sample], float]) -> float:
        """The median of the last third less that of the middle one: the first fills the caches."""
        third = len(self.samples) // 3
        middle, last = self.samples[third : 2 * third], self.samples[-third:]
        return median(map(measure, last)) - median(map(measure, middle))

    @property
    def mb(self) -> float:
        """By how much its memory grew."""
        return self.growth(lambda sample: sample.mb)

    @property
    def descriptors(self) -> float:
        """By how much its descriptors became more, or are more than before when all have left."""
        known = self.before.descriptors + self.after.connections - self.before.connections
        under_load = self.growth(lambda sample: sample.descriptors)
        return max(under_load, self.after.descriptors - known)

    @property
    def connections(self) -> int:
        """The most at once."""
        return max(sample.connections for sample in self.samples)


def soak(cluster: Cluster, seconds: int, tell: Tell) -> Soaked:
    """Load for so many seconds; BenchmarkError at the first answer that is none."""
    invite(cluster, PEOPLE)
    with serving("sunshine-soaked", cluster) as server:
        before = _sample(cluster, server)
        crowd = Crowd(server)
        crowd.start()
        samples: list[Sample] = []
        for number in range(1, SAMPLES + 1):
            crowd.wait(seconds / SAMPLES)
            samples.append(_sample(cluster, server))
            if number % 6 == 0:
                tell(f"{number * seconds // SAMPLES} s: {samples[-1]}")
        crowd.end()
        time.sleep(2)
        return Soaked(seconds, dict(crowd.answered), before, samples, _sample(cluster, server))


def _sample(cluster: Cluster, server: Running) -> Sample:
    with cluster.connect() as connection:
        row = connection.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'sunshine%'"
        ).fetchone()
    assert row
    descriptors = len(os.listdir(f"/proc/{server.group}/fd"))
    return Sample(group_rss(server.group) / 1e6, descriptors, row[0])


class Crowd:
    """Clients on threads of their own, each with one connection that it now and then gives up."""

    def __init__(self, server: Running) -> None:
        self.answered: Counter[str] = Counter()
        self._port = int(server.url.rpartition(":")[2])
        self._tokens = tokens(PEOPLE)
        self._over = threading.Event()
        self._failure: str | None = None
        self._tickets: list[tuple[int, str]] = []
        self._threads = [threading.Thread(target=self._run, args=(n,)) for n in range(CLIENTS)]

    def start(self) -> None:
        """Begin."""
        for thread in self._threads:
            thread.start()

    def wait(self, seconds: float) -> None:
        """Go on for so long."""
        if self._over.wait(seconds):
            self.end()

    def end(self) -> None:
        """Stop; BenchmarkError where something went wrong."""
        self._over.set()
        for thread in self._threads:
            thread.join()
        if self._failure:
            raise BenchmarkError(self._failure)

    def _run(self, number: int) -> None:
        dice = random.Random(number)
        connection = self._connect()
        try:
            while not self._over.wait(dice.random() * 2 * PAUSE):
                if dice.random() < 0.05:
                    connection.close()
                [kind] = dice.choices(list(OFTEN), list(OFTEN.values()))
                status, said = self._ask(connection, kind, dice)
                if status not in EXPECTED[kind]:
                    raise BenchmarkError(f"{kind} was answered {status}: {said[:300]!r}")
                self.answered[kind] += 1
        except Exception as error:
            self._failure = self._failure or f"{type(error).__name__}: {error}"
            self._over.set()
        finally:
            connection.close()

    def _connect(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self._port, timeout=30)

    def _ask(
        self, connection: http.client.HTTPConnection, kind: str, dice: random.Random
    ) -> tuple[int, bytes]:
        token, path = dice.choice(self._tokens), PATHS[kind](dice)
        if kind == "socket":
            return _socket(self._port, path, token, dice), b""
        if kind == "comment":
            ticket, token = dice.choice(self._tickets) if self._tickets else self._open(connection)
            path = path.format(ticket)
        body = json.dumps(BODIES[kind]) if kind in BODIES else None
        if kind == "sign-in" and body:
            body = body.replace("{}", f"{dice.getrandbits(32)}")
        headers = {"X-Forwarded-For": _address(dice), "Content-Type": "application/json"}
        if kind not in NAMELESS:
            headers["x-access-token"] = token
        connection.request("POST" if body else "GET", path, body, headers)
        answer = connection.getresponse()
        said = answer.read()
        if kind == "ticket" and answer.status == 201:
            self._tickets = [*self._tickets[-50:], (json.loads(said)["data"]["id"], token)]
        return answer.status, said

    def _open(self, connection: http.client.HTTPConnection) -> tuple[int, str]:
        """The first ticket that somebody comments on."""
        while not self._tickets:
            self._ask(connection, "ticket", random.Random())
        return self._tickets[-1]


def _address(dice: random.Random) -> str:
    """Somebody's, somewhere."""
    return ".".join(["10", *(str(dice.getrandbits(8)) for _ in range(3))])


def _socket(port: int, path: str, token: str, dice: random.Random) -> int:
    """Connect, hear a little, leave: goodbye, end, or a reset."""
    with socket.create_connection(("127.0.0.1", port), timeout=30) as line:
        line.sendall(HANDSHAKE.format(port=port, path=path, token=token).encode())
        head = line.recv(4096)
        status = int(head.split()[1])
        line.settimeout(dice.random() * 0.3 + 0.01)
        try:
            while line.recv(4096):
                pass
        except TimeoutError:
            pass
        way = dice.choice(["goodbye", "end", "reset"])
        if way == "goodbye":
            line.sendall(b"\x88\x82\0\0\0\0\x03\xe8")
        elif way == "reset":
            line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        return status


def met(soaked: Soaked) -> tuple[bool, bool, bool]:
    """Whether memory, descriptors and connections stayed flat."""
    return (
        soaked.mb <= MOST_GROWTH,
        soaked.descriptors <= MOST_DESCRIPTORS,
        soaked.connections <= MOST_CONNECTIONS,
    )
