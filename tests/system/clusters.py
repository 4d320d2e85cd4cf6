"""PostgreSQL clusters as companies run them: over TLS, with a standby, behind PgBouncer.

The distribution's programs, for the embedded ones know no TLS. As root they run as its user.
"""

import os
import pwd
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from glob import glob
from pathlib import Path
from typing import Any

import psycopg
from psycopg.conninfo import make_conninfo

from tests.system.machine import Certificate, free_port, listens, until

BINARIES = Path(max(glob("/usr/lib/postgresql/*/bin"), default="/usr/bin"))
USER = "postgres"
QUICK = {"fsync": "off", "full_page_writes": "off", "max_connections": "200"}
# Nobody comes without TLS but by the socket, and `certified` not without a certificate.
ENTRIES = """\
local all all trust
hostssl all certified 127.0.0.1/32 cert
hostssl all all 127.0.0.1/32 trust
hostssl replication all 127.0.0.1/32 trust
"""


def as_owner(*command: str | Path, **options: Any) -> subprocess.CompletedProcess[str]:
    """Run one of PostgreSQL's programs as its user; what it says where it fails."""
    done = subprocess.run(command, text=True, capture_output=True, **_owner(), **options)
    assert done.returncode == 0, done.stdout + done.stderr
    return done


def _owner() -> dict[str, Any]:
    if os.geteuid() != 0:
        return {}
    user = pwd.getpwnam(USER)
    # libpq looks for certificates there.
    home = {**os.environ, "HOME": user.pw_dir}
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": [], "env": home}


def give(*paths: Path) -> None:
    """To PostgreSQL's user."""
    if os.geteuid() == 0:
        for path in paths:
            shutil.chown(path, USER, pwd.getpwnam(USER).pw_gid)


@dataclass(frozen=True)
class Authority:
    """Signs certificates: `root` is what is trusted, of `localhost` the server's, of the role
    `certified` the client's."""

    root: Path
    server: Certificate
    client: Certificate

    @classmethod
    def made(cls, folder: Path) -> "Authority":
        """A new one."""
        root = _certificate(folder, "root", "/CN=Test root", "basicConstraints=critical,CA:TRUE")
        names = "subjectAltName=DNS:localhost"
        return cls(
            root.file,
            _certificate(folder, "server", "/CN=localhost", names, signer=root),
            _certificate(folder, "client", "/CN=certified", "extendedKeyUsage=clientAuth",
                         signer=root),
        )  # fmt: skip


def _certificate(
    folder: Path, name: str, subject: str, extension: str, signer: Certificate | None = None
) -> Certificate:
    made = Certificate(folder / f"{name}.crt", folder / f"{name}.key")
    by: list[str | Path] = ["-CA", signer.file, "-CAkey", signer.key] if signer else []
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
         "-nodes", "-days", "2", "-subj", subject, "-addext", extension, *by,
         "-keyout", made.key, "-out", made.file],
        check=True, capture_output=True,
    )  # fmt: skip
    made.key.chmod(0o600)
    return made


class Cluster:
    """One server. Its socket is in its folder; over TCP it takes TLS only."""

    def __init__(self, folder: Path, authority: Authority) -> None:
        self.folder = folder
        self.port = free_port()
        self._authority = authority
        folder.mkdir()
        folder.chmod(0o755)
        shutil.copy(authority.root, folder)
        give(folder, folder / "root.crt")

    @property
    def data(self) -> Path:
        """Where it keeps everything."""
        return self.folder / "data"

    def make(self) -> None:
        """An empty one with the role that owns the databases."""
        as_owner(BINARIES / "initdb", "-D", self.data, "-U", USER, "-A", "trust", "-N",
                 "-E", "UTF8", "--locale=C.UTF-8")  # fmt: skip
        (self.data / "pg_hba.conf").write_text(ENTRIES)
        for file, name in ((self._authority.server.file, "server.crt"),
                           (self._authority.server.key, "server.key"),
                           (self._authority.root, "root.crt")):  # fmt: skip
            shutil.copy(file, self.data / name)
            (self.data / name).chmod(0o600)
            give(self.data / name)
        self.start()
        for role in ("sunshine", "certified"):
            self.sql(f"CREATE ROLE {role} LOGIN CREATEDB")
        self.sql("GRANT sunshine TO certified")
        self.sql("GRANT SET ON PARAMETER session_replication_role TO sunshine")

    def copy(self, other: "Cluster") -> None:
        """As another one is, which does not run."""
        subprocess.run(["cp", "-a", other.data, self.data], check=True)
        self.start()

    def follow(self, primary: "Cluster") -> None:
        """Become a standby of another one; what it had is gone."""
        shutil.rmtree(self.data, ignore_errors=True)
        way = make_conninfo(
            host="localhost", port=primary.port, user=USER, application_name="standby",
            sslmode="verify-full", sslrootcert=str(self.folder / "root.crt"),
        )  # fmt: skip
        as_owner(BINARIES / "pg_basebackup", "-d", way, "-D", self.data, "-R", "-X", "stream",
                 "-c", "fast")  # fmt: skip
        # What the primary was told by ALTER SYSTEM is its own.
        auto = self.data / "postgresql.auto.conf"
        kept = [line for line in auto.read_text().splitlines() if "primary_conninfo" in line]
        auto.write_text("\n".join(kept) + "\n")
        self.start()

    def start(self) -> None:
        """Until it takes connections."""
        # TCP is where users are, the socket for ourselves.
        given = {
            "port": self.port, "listen_addresses": "127.0.0.1", "ssl": "on",
            "ssl_cert_file": "server.crt", "ssl_key_file": "server.key", "ssl_ca_file": "root.crt",
            "hot_standby": "on", "unix_socket_directories": self.folder, **QUICK,
        }  # fmt: skip
        lines = [f"{name} = '{value}'" for name, value in given.items()]
        (self.data / "postgresql.conf").write_text("\n".join(lines))
        self._control("start", "-l", str(self.folder / "log"), "-w", "-t", "60")

    def stop(self, mode: str = "fast") -> None:
        """End it; `immediate` is as a crash."""
        self._control("stop", "-m", mode, "-w")

    def promote(self) -> None:
        """A standby becomes the primary."""
        self._control("promote", "-w")

    def _control(self, *words: str) -> None:
        as_owner(BINARIES / "pg_ctl", *words, "-D", self.data)

    def ask_for_passwords(self, **passwords: str) -> None:
        """Of whoever comes over TCP, from now on."""
        for role, password in passwords.items():
            self.sql(f"ALTER ROLE {role} PASSWORD '{password}'")
        entries = ENTRIES.replace("127.0.0.1/32 trust", "127.0.0.1/32 scram-sha-256")
        (self.data / "pg_hba.conf").write_text(entries)
        self.sql("SELECT pg_reload_conf()")

    def sql(self, statement: str, database: str = "postgres") -> list[tuple[Any, ...]]:
        """What the superuser is told."""
        with self.connected(database) as connection:
            cursor = connection.execute(statement.encode())
            return cursor.fetchall() if cursor.description else []

    def connected(self, database: str = "postgres") -> psycopg.Connection:
        """The superuser's connection."""
        return psycopg.connect(host=str(self.folder), port=self.port, user=USER, dbname=database,
                               autocommit=True)  # fmt: skip

    def set(self, **parameters: str) -> None:
        """ALTER SYSTEM, at once."""
        with self.connected() as connection:
            for name, value in parameters.items():
                connection.execute(f"ALTER SYSTEM SET {name} = '{value}'".encode())
            connection.execute("SELECT pg_reload_conf()")

    def clients(self) -> int:
        """How many connections Sunshine has."""
        [(count,)] = self.sql(
            "SELECT count(*) FROM pg_stat_activity WHERE usename IN ('sunshine', 'certified')"
            " AND application_name LIKE 'sunshine%'"
        )
        return int(count)

    def end(self) -> None:
        """Whatever it does."""
        if (self.data / "postmaster.pid").exists():
            subprocess.run([BINARIES / "pg_ctl", "stop", "-m", "immediate", "-D", self.data],
                           capture_output=True, **_owner())  # fmt: skip


def way(authority: Authority, *clusters: Cluster, **more: str) -> dict[str, str]:
    """The environment that leads to the primary among clusters, over verified TLS."""
    return {
        "PG_SUNSHINE_HOST": ",".join("localhost" for _ in clusters),
        "PG_SUNSHINE_PORT": ",".join(str(cluster.port) for cluster in clusters),
        "PG_SUNSHINE_USER": "sunshine",
        "PG_SUNSHINE_SSLMODE": "verify-full",
        "PG_SUNSHINE_SSLROOTCERT": str(authority.root),
    } | more


class PgBouncer:
    """In front of a cluster, without TLS."""

    def __init__(self, folder: Path, cluster: Cluster, mode: str, **settings: str) -> None:
        self.port = free_port()
        home = folder / f"pgbouncer-{self.port}"
        home.mkdir()
        home.chmod(0o755)
        give(home)
        lines = {
            "listen_addr": "127.0.0.1", "listen_port": str(self.port), "unix_socket_dir": "",
            "auth_type": "any", "pool_mode": mode, "default_pool_size": "40",
            "logfile": str(home / "log"),
        } | settings  # fmt: skip
        ini = home / "pgbouncer.ini"
        ini.write_text(
            f"[databases]\n* = host='{cluster.folder}' port={cluster.port} user=sunshine\n"
            "[pgbouncer]\n" + "\n".join(f"{name} = {value}" for name, value in lines.items())
        )
        self._popen = subprocess.Popen(
            ["pgbouncer", "-q", ini], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            **_owner(),
        )  # fmt: skip
        until(lambda: listens(self.port))

    @property
    def way(self) -> dict[str, str]:
        """The environment that leads through it."""
        return {
            "PG_SUNSHINE_HOST": "127.0.0.1",
            "PG_SUNSHINE_PORT": str(self.port),
            "PG_SUNSHINE_USER": "sunshine",
        }

    def stop(self) -> None:
        """End it."""
        self._popen.send_signal(signal.SIGTERM)
        self._popen.wait(10)


def within(seconds: float, holds: Callable[[], object]) -> float:
    """Wait for it; how long that took."""
    began = time.monotonic()
    until(holds, seconds)
    return time.monotonic() - began
