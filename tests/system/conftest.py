"""What one machine of a deployment has, for the system tests.

folder       a folder that every user may enter
people       empty databases with an admin and employees, and their tokens
start        starts servers on them; what still runs is killed at the end
certificate  of `localhost`, self-signed
nginx        starts nginx with config/nginx.conf in front of servers
redis        a redis-server that nobody minds killing
authority    certificates of `localhost` and of the role `certified`, and who signed them
staffed      a cluster of the distribution's PostgreSQL that does not run, with `people`' rows
clusters     copies of it, and standbys; they run until the end of the test
serving      starts servers on them; what still runs is killed at the end

Programs that are missing fail the tests: .ci/run says where they come from.
"""

import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from sunshine.core import environment
from sunshine.core.settings import Settings
from sunshine.database import embedded as launcher
from sunshine.database import migrations
from sunshine.identity.tokens import Tokens
from tests.conftest import PASSWORD_HASH, SECRET, _connected, emptied
from tests.processes import Process, reach
from tests.system.clusters import Authority, Cluster, way
from tests.system.machine import Certificate, Nginx, Redis

PEOPLE = 260


class People:
    """An admin (user 1) and 260 others (users 1001 and up), the first of them an employee.
    `tokens` in that order."""

    def __init__(self, settings: Settings) -> None:
        emptied(settings)
        self.connection = _connected(settings, "sunshine")
        self.connection.execute(
            "INSERT INTO users (id, username, name, role, password_hash)"
            " VALUES (1, 'boss', 'Boss', 'admin', %s)", [PASSWORD_HASH],
        )  # fmt: skip
        self.connection.execute(
            "INSERT INTO users (id, username, name, role, password_hash)"
            " SELECT 1000 + i, 'person' || i, 'Person ' || i, 'employee', %s"
            " FROM generate_series(1, %s) AS i", [PASSWORD_HASH, PEOPLE],
        )  # fmt: skip
        self.connection.execute(
            "INSERT INTO employee (id, name, email, phone, join_date)"
            " VALUES (1, 'Person 1', 'person1@example.com', '+621', '2020-01-01')"
        )
        self.connection.execute("UPDATE users SET employee_id = 1 WHERE id = 1001")
        tokens, now = Tokens(SECRET, timedelta(days=1)), datetime.now(UTC)
        named = [(1, "boss", "admin")]
        named += [(1000 + i, f"person{i}", "employee") for i in range(1, PEOPLE + 1)]
        self.tokens = [
            tokens.sign("user", id_=id_, username=name, role=role, version=0, now=now)
            for id_, name, role in named
        ]

    @property
    def admin(self) -> str:
        """The admin's token."""
        return self.tokens[0]


@pytest.fixture
def folder() -> Iterator[Path]:
    made = Path(tempfile.mkdtemp(prefix="sunshine machine ")).resolve()
    made.chmod(0o755)
    yield made
    shutil.rmtree(made, ignore_errors=True)


@pytest.fixture
def people(settings: Settings) -> People:
    return People(settings)


@pytest.fixture
def start(
    people: People, postgres: launcher.Server, folder: Path
) -> Iterator[Callable[..., Process]]:
    begun: list[Process] = []

    def begin(*options: str, kind: type[Process] = Process, **environment: str) -> Process:
        begun.append(kind(folder, *options, **reach(postgres), **environment))
        return begun[-1]

    yield begin
    for process in begun:
        process.kill()


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    where = tmp_path_factory.mktemp("certificate")
    made = Certificate(where / "cert.pem", where / "key.pem")
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
         "-nodes", "-days", "2", "-subj", "/CN=localhost",
         "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1",
         "-keyout", made.key, "-out", made.file],
        check=True, capture_output=True,
    )  # fmt: skip
    return made


@pytest.fixture
def nginx(folder: Path, certificate: Certificate) -> Iterator[Callable[..., Nginx]]:
    begun: list[Nginx] = []

    def begin(*ports: int) -> Nginx:
        begun.append(Nginx(folder, certificate, ports))
        return begun[-1]

    yield begin
    for each in begun:
        each.stop()


@pytest.fixture
def redis(folder: Path) -> Iterator[Redis]:
    server = Redis(folder)
    yield server
    server.kill()


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority.made(tmp_path_factory.mktemp("authority"))


@dataclass(frozen=True)
class Staffed:
    """A cluster that was stopped, and the tokens of its people."""

    cluster: Cluster
    tokens: list[str]


@pytest.fixture(scope="session")
def staffed(authority: Authority) -> Iterator[Staffed]:
    folder = Path(tempfile.mkdtemp(prefix="sunshine staffed ")).resolve()
    folder.chmod(0o755)
    cluster = Cluster(folder / "template", authority)
    try:
        cluster.make()
        settings = environment.load({"APP_ENV": "test", **way(authority, cluster)}, folder)
        migrations.create(settings)
        migrations.upgrade(settings)
        tokens = People(settings).tokens
        cluster.stop()
        yield Staffed(cluster, tokens)
    finally:
        cluster.end()
        shutil.rmtree(folder, ignore_errors=True)


class Clusters:
    """Those of one test."""

    def __init__(self, folder: Path, authority: Authority, staffed: Staffed) -> None:
        self.all: list[Cluster] = []
        self.tokens = staffed.tokens
        self._folder, self._authority, self._staffed = folder, authority, staffed

    def primary(self) -> Cluster:
        """One with everything."""
        made = self._new()
        made.copy(self._staffed.cluster)
        return made

    def standby(self, primary: Cluster) -> Cluster:
        """One that follows another."""
        made = self._new()
        made.follow(primary)
        return made

    def empty(self) -> Cluster:
        """One without databases."""
        made = self._new()
        made.make()
        return made

    def _new(self) -> Cluster:
        self.all.append(Cluster(self._folder / f"cluster{len(self.all)}", self._authority))
        return self.all[-1]


@pytest.fixture
def clusters(folder: Path, authority: Authority, staffed: Staffed) -> Iterator[Clusters]:
    made = Clusters(folder, authority, staffed)
    yield made
    for each in made.all:
        each.end()


@pytest.fixture
def serving(folder: Path) -> Iterator[Callable[..., Process]]:
    begun: list[Process] = []

    def begin(**environment: str) -> Process:
        begun.append(Process(folder, **environment))
        return begun[-1]

    yield begin
    for process in begun:
        process.kill()
