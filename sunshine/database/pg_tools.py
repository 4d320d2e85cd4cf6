"""PostgreSQL's own programs, such as pg_dump: finds a version that suits a server, and runs it
without exposing a password. Used by sunshine/backups and `sunshine db shell`."""

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
from sunshine.database.cluster import PostgresError, first_error, wheel_binaries

NEEDED = ("pg_dump", "pg_restore", "psql")
PLACES = (
    "/usr/lib/postgresql/*/bin",  # Debian, Ubuntu
    "/usr/pgsql-*/bin",  # Red Hat and derivatives
    "/usr/local/pgsql/bin",
    "/opt/homebrew/opt/*postgresql*/bin",
    "/usr/local/opt/*postgresql*/bin",
    "/Applications/Postgres.app/Contents/Versions/*/bin",
)
# libpq's parameters, as its environment variables name them.
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
    """A folder with the programs. `version` as they report it, `major` its first number."""

    folder: Path
    version: str

    @property
    def major(self) -> int:
        return int(self.version.partition(".")[0])

    def path(self, name: str) -> str:
        """Return the path of one of them."""
        return str(self.folder / name)


def find(chosen: Path | None, major: int) -> Programs:
    """Return programs that can talk to a server of a major version: they must not be older.

    `chosen` (PG_BIN_DIR) decides if it is given; otherwise the newest of PATH and the folders that
    distributions use, otherwise those of the wheel. Raises PostgresError if there are none.
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
    """Yield the environment that connects such a program to a database, and the descriptors it
    inherits.

    The password is in neither, nor in any file that has a name: the program reads it from an
    unlinked file, which is gone with the last process that holds it.
    """
    connection = {_VARIABLES[name]: value for name, value in database.libpq.items()}
    environment = _plain(os.environ) | connection
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
    """Start a program in its own session; it is killed if the block fails.

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
    """Return the line that explains the error from its stderr, a file."""
    said.seek(0)
    return first_error(said.read().decode(errors="replace"))


def end(process: subprocess.Popen[bytes]) -> None:
    """Kill a program that was started in its own session, with its children.

    Distributions replace the programs by wrapper scripts, and a surviving child would hold our pipe
    open.
    """
    with suppress(ProcessLookupError):
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)


def _plain(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the environment without our own variables: some are secrets, and a child's environment
    is visible to its owner."""
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
