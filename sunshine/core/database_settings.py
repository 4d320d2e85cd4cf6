"""The location and connection options of the four databases. Used by sunshine/core/settings.py.

Several hosts form one cluster: a primary, and standbys that can take over. libpq tries them in
order and uses the first one that satisfies TARGET.
"""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sunshine.core.variables import DATABASE_KEYS, DATABASES

# The other databases inherit these from the first one unless they set their own.
_SHARED = (
    "HOST", "PORT", "USER", "PASSWORD", "SSLMODE", "SSLROOTCERT", "SSLCERT", "SSLKEY", "TARGET",
)  # fmt: skip
_FILES = ("SSLROOTCERT", "SSLCERT", "SSLKEY")
SYSTEM = "system"
# Where distributions keep the certificate authorities the system trusts. libpq's own `system` asks
# the OpenSSL it was built with; a wheel's libpq was built on another machine.
_BUNDLES = (
    "/etc/ssl/certs/ca-certificates.crt",  # Debian, Ubuntu, Alpine
    "/etc/pki/tls/certs/ca-bundle.crt",  # Red Hat and derivatives
    "/etc/ssl/ca-bundle.pem",  # SUSE
    "/etc/ssl/cert.pem",  # macOS, BSD
)


@dataclass(frozen=True)
class DatabaseSettings:
    """How to reach one of the four databases. Times are in seconds.

    `host` and `port` belong to the first server, `further` to the others, which may have taken
    over. TLS settings and `target` that are empty are left to libpq and its environment variables.
    `pooler`: a connection pooler such as PgBouncer is in between (sunshine/database/pgbouncer.py).
    """

    host: str
    port: int
    user: str
    password: str
    database: str
    pool_min: int
    pool_max: int
    pool_wait: float
    pool_idle: float
    further: tuple[tuple[str, int], ...] = ()
    sslmode: str = ""
    sslrootcert: str = ""
    sslcert: str = ""
    sslkey: str = ""
    target: str = ""
    pooler: bool = False

    @property
    def servers(self) -> tuple[tuple[str, int], ...]:
        """Return host and port of each server, in the order in which they are tried."""
        return ((self.host, self.port), *self.further)

    @property
    def where(self) -> str:
        """Return the servers as text for people."""
        return " or ".join(
            f"{host or 'the local socket'} port {port}" for host, port in self.servers
        )

    @property
    def libpq(self) -> dict[str, str]:
        """Return the connection parameters under libpq's names, without the password."""
        named = {
            "host": ",".join(host for host, _ in self.servers),
            "port": ",".join(str(port) for _, port in self.servers),
            "user": self.user,
            "dbname": self.database,
        }
        chosen = {
            "sslmode": self.sslmode,
            "sslrootcert": self.sslrootcert,
            "sslcert": self.sslcert,
            "sslkey": self.sslkey,
            "target_session_attrs": self.target,
        }
        return named | {name: value for name, value in chosen.items() if value}


def read(values: Mapping[str, Any], given: Mapping[str, str]) -> dict[str, DatabaseSettings]:
    """Build the settings of all four databases from values that passed `faults`."""
    return {name: _database(name, values, given) for name in DATABASES}


def faults(values: Mapping[str, Any], given: Mapping[str, str]) -> Iterator[str]:
    """Yield one line per contradiction between values that are each valid on their own."""
    for name in DATABASES:
        yield from _faults_of(name, values, given)


def _faults_of(name: str, values: Mapping[str, Any], given: Mapping[str, str]) -> Iterator[str]:
    own, prefix = _own(name, values, given), f"PG_{name.upper()}"
    # Inherited values are reported once, for the first database.
    mine = {key for key in _SHARED if f"{prefix}_{key}" in given}
    hosts, ports = _hosts(own), _ports(own)
    if mine & {"HOST", "PORT"} and len(ports) not in (1, len(hosts)):
        yield f"{prefix}_PORT: {len(ports)} ports for {len(hosts)} hosts; name one for each, or one"
    for key in sorted(mine.intersection(_FILES)):
        if fault := _fault_of_file(key, own[key]):
            yield f"{prefix}_{key}: {fault}"
    if mine & {"SSLCERT", "SSLKEY"} and not (own["SSLCERT"] and own["SSLKEY"]):
        lacking = "SSLKEY" if own["SSLCERT"] else "SSLCERT"
        yield f"{prefix}_{lacking}: a certificate and its key are named together"
    weaker = own["SSLMODE"] not in (None, "verify-full")
    if mine & {"SSLMODE", "SSLROOTCERT"} and own["SSLROOTCERT"] == SYSTEM and weaker:
        yield (
            f"{prefix}_SSLMODE: must be verify-full with SSLROOTCERT=system, for anybody can have"
            " a certificate"
        )


def _fault_of_file(key: str, value: str) -> str | None:
    if key == "SSLROOTCERT" and value == SYSTEM:
        return None if _bundle() else "the system has none that we know of; name their file"
    if "-----BEGIN" in value:
        return "is the file's content; name the file"
    file = _path(value)
    try:
        with file.open("rb") as opened:
            status = os.fstat(opened.fileno())
            opened.read(1)
    except OSError as error:
        return f"cannot read {file}: {error.strerror}"
    # libpq's own rule: private to us, or owned by root and readable by our group.
    allowed = 0o640 if status.st_uid == 0 else 0o600
    if key == "SSLKEY" and status.st_mode & 0o777 & ~allowed:
        return f"{file} can be read by others; chmod {allowed:o} it"
    return None


def _database(name: str, values: Mapping[str, Any], given: Mapping[str, str]) -> DatabaseSettings:
    own = _own(name, values, given)
    hosts, ports = _hosts(own), _ports(own)
    servers = tuple(zip(hosts, ports * len(hosts) if len(ports) == 1 else ports, strict=True))
    rootcert = own["SSLROOTCERT"]
    return DatabaseSettings(
        host=servers[0][0],
        port=servers[0][1],
        user=own["USER"],
        password=own["PASSWORD"],
        database=own["DB"],
        pool_min=min(own["MIN_POOL"], own["MAX_POOL"]),
        pool_max=own["MAX_POOL"],
        # A client that waits 30 s (the original's default) has given up long ago; 503 comes sooner.
        pool_wait=min(own["ACQUIRE_POOL"] / 1000, 2.5),
        pool_idle=own["IDLE_POOL"] / 1000,
        further=servers[1:],
        sslmode=own["SSLMODE"] or ("verify-full" if rootcert == SYSTEM else ""),
        sslrootcert=_bundle() if rootcert == SYSTEM else _file(rootcert),
        sslcert=_file(own["SSLCERT"]),
        sslkey=_file(own["SSLKEY"]),
        target=own["TARGET"] or ("read-write" if len(servers) > 1 else ""),
    )


def _own(name: str, values: Mapping[str, Any], given: Mapping[str, str]) -> dict[str, Any]:
    """Return one database's values; it inherits the first one's server and account unless it sets
    its own."""
    own = {key: values.get(f"PG_{name.upper()}_{key}") for key in DATABASE_KEYS}
    for key in _SHARED:
        if f"PG_{name.upper()}_{key}" not in given:
            own[key] = values.get(f"PG_SUNSHINE_{key}")
    return own


def _hosts(own: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(own["HOST"].split(","))


def _ports(own: Mapping[str, Any]) -> tuple[int, ...]:
    return own["PORT"] if isinstance(own["PORT"], tuple) else (own["PORT"],)


def _file(value: str | None) -> str:
    return str(_path(value)) if value else ""


def _path(value: str) -> Path:
    return Path(value).expanduser().absolute()


def _bundle() -> str:
    """Return the file of certificate authorities this system trusts; empty if there is none."""
    import ssl

    places = (ssl.get_default_verify_paths().cafile, *_BUNDLES)
    return next((place for place in places if place and Path(place).is_file()), "")
