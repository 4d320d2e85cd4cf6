"""PostgreSQL's own programs, pg_dump and its like: those that suit a server, run without showing a
password to anybody. For sunshine/backups and `sunshine db shell`."""

import os
import re
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from glob import glob
from pathlib import Path
from typing import IO, Any

from sunshine.core.database_settings import DatabaseSettings
from sunshine.database.cluster import PostgresError, telling_line, wheel_binaries

NEEDED = ("pg_dump", "pg_restore", "psql")
PLACES = (
    "/usr/lib/postgresql/*/bin",  # Debian, Ubuntu
    "/usr/pgsql-*/bin",  # Red Hat and its kin
    "/usr/local/pgsql/bin",
    "/opt/homebrew/opt/*postgresql*/bin",
    "/usr/local/opt/*postgresql*/bin",
    "/Applications/Postgres.app/Contents/Versions/*/bin",
)
# libpq's parameters as its environment calls them.
_VARIABLES = {
    "host": "PGHOST",
    "port": "PGPORT",
    "user": "PGUSER",
    "dbname": "PGDATABASE",
    "sslmode": "PGSSLMODE",
    "sslrootcert": "PGSSLROOTCERT",
    "sslcert": "PGSSLCERT",
    "sslkey": "PGSSLKEY",
    "target_session_attrs": "PGTARGETSESSIONATTRS",
}


@dataclass(frozen=True)
class Programs:
    """A folder of them. `version` as they say it, `major` its first number."""

    folder: Path
    version: str

    @property
    def major(self) -> int:
        return int(self.version.partition(".")[0])

    def path(self, name: str) -> str:
        """Where one of them is."""
        return str(self.folder / name)


def find(chosen: Path | None, major: int) -> Programs:
    """Those that can talk to a server of a major version: they must be no older than it is.

    `chosen` (PG_BIN_DIR) decides where it is given; else the newest of PATH and the folders that
    distributions use, else those of the wheel. Raises PostgresError when there are none.
    """
    if chosen:
        found = _in(chosen)
        if found is None:
            raise PostgresError(f"PG_BIN_DIR: no {', '.join(NEEDED)} in {chosen}")
        if found.major < major:
            raise PostgresError(
                f"PG_BIN_DIR: {chosen} has the programs of PostgreSQL {found.version}, and {major} "
                "is needed"
            )
        return found
    newest = max(_installed(), key=lambda programs: programs.major, default=None)
    if newest and newest.major >= major:
        return newest
    wheel = _of_wheel()
    if wheel and wheel.major >= major:
        return wheel
    raise PostgresError(
        f"no pg_dump of PostgreSQL {major} or newer here: install postgresql-client-{major}, or "
        "name its folder in PG_BIN_DIR"
    )


@contextmanager
def reaching(database: DatabaseSettings) -> Iterator[tuple[dict[str, str], tuple[int, ...]]]:
    """The environment that leads such a program to a database, and the descriptors it inherits.

    The password is in neither, nor in any file that has a name: it is read from an unlinked one,
    which is gone with the last process that holds it.
    """
    told = {_VARIABLES[name]: value for name, value in database.libpq.items()}
    environment = _plain(os.environ) | told
    if not database.password:
        yield environment, ()
        return
    with tempfile.TemporaryFile() as file:
        escaped = database.password.replace("\\", "\\\\").replace(":", "\\:")
        file.write(f"*:*:*:*:{escaped}\n".encode())
        file.flush()
        environment["PGPASSFILE"] = f"/dev/fd/{file.fileno()}"
        environment.pop("PGPASSWORD", None)
        yield environment, (file.fileno(),)


@contextmanager
def begun(command: Sequence[str], **options: Any) -> Iterator[subprocess.Popen[bytes]]:
    """One that was started, in a session of its own; it ends with the block, should that fail.

    `options` are Popen's.
    """
    with subprocess.Popen(  # noqa: S603 - PostgreSQL's own program
        command, start_new_session=True, **options
    ) as process:
        try:
            yield process
        except BaseException:
            end(process)
            raise


def complaint(said: IO[bytes]) -> str:
    """The telling line of what it wrote to stderr, a file."""
    said.seek(0)
    return telling_line(said.read().decode(errors="replace"))


def end(process: subprocess.Popen[bytes]) -> None:
    """Kill one that was started in a session of its own, with what it started: distributions put
    scripts in their place, and what is left would hold our pipe open."""
    with suppress(ProcessLookupError):
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)


def _plain(environment: Mapping[str, str]) -> dict[str, str]:
    """Without our own settings: secrets are among them, and children show theirs to their owner."""
    from sunshine.core.variables import VARIABLES

    return {name: value for name, value in environment.items() if name.upper() not in VARIABLES}


def _installed() -> Iterator[Programs]:
    on_path = os.environ.get("PATH", os.defpath).split(os.pathsep)
    folders = dict.fromkeys([*on_path, *(found for place in PLACES for found in glob(place))])
    for folder in folders:
        if folder and (found := _in(Path(folder))):
            yield found


def _of_wheel() -> Programs | None:
    try:
        return _in(wheel_binaries())
    except PostgresError:
        return None


def _in(folder: Path) -> Programs | None:
    if not all(os.access(folder / name, os.X_OK) for name in NEEDED):
        return None
    try:
        said = subprocess.run(  # noqa: S603 - a program of that name in a folder of programs
            [folder / "pg_dump", "--version"], capture_output=True, text=True, timeout=10
        ).stdout
    except (OSError, subprocess.TimeoutExpired):
        return None
    found = re.search(r"\) (\d+[\w.]*)", said)
    return Programs(folder, found[1]) if found else None
