"""Starts, joins and stops the embedded PostgreSQL.

sunshine/database/cluster.py finds its folder; sunshine/database/database.py connects to what
`start` returns.
"""

from __future__ import annotations

import fcntl
import os
import pwd
import select
import shutil
import stat
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, Self

from sunshine.database.cluster import (  # fmt: skip
    Place,
    PostgresError,
    elsewhere,
    find_place,
    first_error,
    wheel_binaries,
)

__all__ = ["PostgresError", "Pulse", "Server", "running", "start", "wheel_binaries"]

MAJOR = "18"
ROLE = "sunshine"
ORPHANS_MAY_LIVE = 1.0  # seconds a dead postmaster's children get to notice
TIMEOUT = 60  # seconds to start, including crash recovery, and to stop
LOG_MAX = 8 << 20  # bytes; a longer log is renamed to log.1 at the next start
NO_PID = "2147483647"  # greater than any process id of Linux or macOS
LOCALE = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--encoding=UTF8", "--locale=C"]
# pg_trgm asks the C library which characters are letters: with LC_CTYPE=C, "é" is not one.
CTYPE = "en_US.UTF-8" if sys.platform == "darwin" else "C.UTF-8"
SETTINGS = {
    "listen_addresses": "",
    "port": "5432",
    "unix_socket_permissions": "0700",
    "max_connections": "300",
    "shared_buffers": "128MB",
    "max_wal_size": "512MB",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_checkpoints": "off",
}
if sys.platform == "linux":
    # After a crash all files are first flushed to disk: at once, not one after the other.
    SETTINGS["recovery_init_sync_method"] = "syncfs"


@dataclass(frozen=True)
class Server:
    """A running server, in use by this process until `stop`.

    `notices` are for the operator; `is_new`: its cluster has just been created.
    """

    directory: Path
    host: str
    port: int
    user: str
    binaries: Path
    notices: tuple[str, ...]
    _place: Place = field(repr=False)
    _in_use: BinaryIO = field(repr=False)
    _options: Mapping[str, str] = field(repr=False)
    is_new: bool = False

    def stop(self) -> None:
        """Stop using the server; the last process to do so stops it. A second call does nothing."""
        if not self._in_use.closed:
            with _explained(self.directory), _locked(self._place):
                _leave(self._place, self._in_use)

    def pulse(self) -> Pulse | None:
        """Return a liveness probe of the current server process; None if there is none."""
        with _explained(self.directory):
            found = _postmaster(self._place)
            return Pulse(found[0]) if found else None

    def is_up(self) -> bool:
        """Return whether the server runs, once it has finished starting or stopping; blocks until
        then."""
        with _explained(self.directory):
            return _is_up(self._place)

    def settle(self) -> None:
        """Flush everything written so far to disk, so that crash recovery need not do it again.

        Raises psycopg's errors.
        """
        import psycopg  # not needed by those who only start a server

        where = {"host": self.host, "port": self.port, "user": "postgres", "dbname": "postgres"}
        with psycopg.connect(**where, autocommit=True) as connection:  # type: ignore[arg-type]
            connection.execute("CHECKPOINT")

    def revive(self) -> None:
        """Restart the server in the same place if it has ended; blocks for seconds.

        The first process does it, the others find it running. A cluster whose data are gone is not
        created again.
        """
        with _explained(self.directory), _locked(self._place):
            if not (self._place.data / "PG_VERSION").exists():
                raise PostgresError(f"{self._place.data} is gone")
            _start_server(self._place, self._options)


class Pulse:
    """Checks in microseconds whether a process is alive.

    It uses a pidfd if possible: a process id may be reused, and a dead process keeps its id until
    its parent has waited for it.
    """

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._fd: int | None = None
        with suppress(AttributeError, OSError):  # not Linux, or an old one
            self._fd = os.pidfd_open(pid)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._fd is not None:
            os.close(self._fd)

    def beats(self) -> bool:
        """Return whether the process is alive."""
        if self._fd is not None:
            poll = select.poll()
            poll.register(self._fd, select.POLLIN)
            return not poll.poll(0)
        try:
            os.kill(self._pid, 0)
        except ProcessLookupError:
            return False
        return True


def is_made(home: Path) -> bool:
    """Return whether the cluster exists, as far as permissions show; otherwise `start` takes
    longer."""
    try:
        places = (home, elsewhere(home.resolve()))
        return any((place / "data/PG_VERSION").exists() for place in places)
    except OSError:
        return True


def start(home: Path, *, options: Mapping[str, str] | None = None) -> Server:
    """Join the cluster's server or start it; create the cluster first if needed. Blocks for
    seconds.

    `options` are server settings; a server that already runs keeps its own.
    """
    with _explained(home):
        place = find_place(home.resolve())
        with _locked(place):
            in_use = _open(place, "in-use.lock")
            fcntl.flock(in_use, fcntl.LOCK_SH)
            is_new = not (place.data / "PG_VERSION").exists()
            try:
                host, port = _start_server(place, options or {})
            except (PostgresError, OSError):
                in_use.close()
                raise
            except BaseException:  # Ctrl-C halfway: nothing may stay behind
                _leave(place, in_use)
                raise
    return Server(
        place.folder, host, port, ROLE, place.binaries, place.notices, place, in_use, options or {},
        is_new,
    )  # fmt: skip


@contextmanager
def running(home: Path, *, options: Mapping[str, str] | None = None) -> Iterator[Server]:
    """Run a block between `start` and `stop`."""
    server = start(home, options=options)
    try:
        yield server
    finally:
        server.stop()


def _open(place: Place, name: str) -> BinaryIO:
    path = place.folder / name
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        place.hand_over(path)
    except FileExistsError:
        pass
    return open(path, "r+b", opener=lambda p, flags: os.open(p, flags | os.O_NOFOLLOW))


@contextmanager
def _explained(home: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        where = error.filename or home
        raise PostgresError(f"PostgreSQL cannot use {where}: {error.strerror}") from error


@contextmanager
def _locked(place: Place) -> Iterator[None]:
    """Hold the lock under which processes start, stop, join or leave, one at a time."""
    deadline = time.monotonic() + 2 * TIMEOUT
    with _open(place, "start.lock") as file:
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise PostgresError(f"another process does not let go of {file.name}") from None
                time.sleep(0.02)
        yield


def _leave(place: Place, in_use: BinaryIO) -> None:
    with in_use:
        try:
            fcntl.flock(in_use, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return  # others still use it
        _halt(place)


def _halt(place: Place) -> None:
    for mode, seconds in (("fast", TIMEOUT), ("immediate", 10)):
        if _postmaster(place) is None:
            break
        stop = ("stop", "-D", "data", "-m", mode, "-w", "-t", str(seconds))
        place.run(place.binaries / "pg_ctl", *stop)
    if left := _postmaster(place):
        raise PostgresError(f"PostgreSQL (process {left[0]}) in {place.folder} does not stop")
    if place.socket.parent != place.folder:
        shutil.rmtree(place.socket, ignore_errors=True)


def _start_server(place: Place, options: Mapping[str, str]) -> tuple[str, int]:
    version = place.data / "PG_VERSION"
    if not version.exists():
        _make_cluster(place, options)
    if (found := version.read_text().strip()) != MAJOR:
        raise PostgresError(
            f"{place.data} was made by PostgreSQL {found} and this is {MAJOR}: dump it with "
            f"{found} and restore it here, or move it away"
        )
    if not _is_up(place):
        _configure(place, options)
        _launch(place)
    lines = _pid_file(place)
    if len(lines) < 8:
        raise PostgresError(f"PostgreSQL ended as soon as it had started, see {place.folder}/log")
    return lines[4], int(lines[3])


def _make_cluster(place: Place, options: Mapping[str, str]) -> None:
    for half_made in place.folder.glob("data.part-*"):
        shutil.rmtree(half_made, ignore_errors=True)
    part = Path(tempfile.mkdtemp(prefix="data.part-", dir=place.folder))
    place.hand_over(part)
    unsafe = ["--no-sync"] if options.get("fsync") == "off" else []
    try:
        auth = ["--username=postgres", "--auth-local=peer", "--auth-host=reject", *unsafe]
        initdb = [*LOCALE, f"--lc-ctype={CTYPE}", "--data-checksums", "--no-instructions", *auth]
        done = place.run(place.binaries / "initdb", "-D", part.name, *initdb)
        if done.returncode == 0:
            # Before the rename, so that no crash can leave a cluster without its role.
            single = ("--single", "-D", part.name, "-c", "exit_on_error=on", "postgres")
            role = f"CREATE ROLE {ROLE} LOGIN CREATEDB;\n"
            done = place.run(place.binaries / "postgres", *single, stdin=role)
        if done.returncode == 0:
            include = """echo "include 'sunshine.conf'" >> "$1" """
            done = place.run("/bin/sh", "-c", include, "sh", f"{part.name}/postgresql.conf")
        if done.returncode:
            why = first_error(done.stdout + done.stderr)
            raise PostgresError(f"PostgreSQL could not make its data in {place.folder}: {why}")
        part.rename(place.data)
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _configure(place: Place, options: Mapping[str, str]) -> None:
    socket = str(place.socket).replace('"', '""')
    wanted = SETTINGS | {"unix_socket_directories": f'"{socket}"'} | dict(options)
    quoted = {k: v.replace("\\", r"\\").replace("'", "''") for k, v in wanted.items()}
    settings = "".join(f"{name} = '{value}'\n" for name, value in quoted.items())
    note = (
        "# Rewritten at each start. ALTER SYSTEM, and lines below the include of this file, win.\n"
    )
    place.write("data/sunshine.conf", note + settings)
    place.write("data/pg_hba.conf", f"local all all peer map={ROLE}\n")
    # Root can become the owner anyway; all others are refused.
    users = dict.fromkeys([place.owner.pw_name, pwd.getpwuid(0).pw_name])
    maps = [f'{ROLE} "{user}" {role}\n' for user in users for role in (ROLE, "postgres")]
    place.write("data/pg_ident.conf", "".join(maps))


def _launch(place: Place) -> None:
    _clear_stale_pid(place)
    _make_socket_folder(place)
    log = place.folder / "log"
    if log.exists() and log.stat().st_size > LOG_MAX:
        log.replace(log.with_name("log.1"))
    begun = time.monotonic()
    while True:
        with _open(place, "log") as file:
            file.seek(0, os.SEEK_END)
            start = ("start", "-D", "data", "-l", "log", "-w", "-t", str(TIMEOUT), "-s")
            done = place.run(place.binaries / "pg_ctl", *start)
            said = file.read().decode(errors="replace")
        if done.returncode == 0:
            return
        # A killed postmaster's children may still be exiting.
        if "shared memory block" not in said or time.monotonic() > begun + TIMEOUT:
            why = first_error(said + done.stderr)
            raise PostgresError(f"PostgreSQL did not start ({log}): {why}")
        if time.monotonic() > begun + ORPHANS_MAY_LIVE:
            _end_orphans(place)
        time.sleep(0.2)


def _end_orphans(place: Place) -> None:
    """Kill the children of a dead postmaster: one that is busy notices only when it has finished.

    Nothing it has not committed was acknowledged, and crash recovery runs in any case.
    """
    place.shell(
        'for p in /proc/[0-9]*; do test "$p/cwd" -ef data || continue; '
        'case "$(readlink "$p/exe")" in "$1"*) kill -KILL "${p#/proc/}";; esac; done',
        place.binaries / "postgres",
    )


def _make_socket_folder(place: Place) -> None:
    folder = place.socket
    try:
        folder.mkdir(mode=0o700)
        place.hand_over(folder)
    except FileExistsError:
        found = folder.lstat()
        private = stat.S_ISDIR(found.st_mode) and not found.st_mode & 0o077
        if not private or found.st_uid != place.owner.pw_uid:
            who = place.owner.pw_name
            raise PostgresError(f"{folder} is not a private folder of user {who}") from None
        for left in folder.iterdir():  # its lock file names a process id that may be reused
            left.unlink()


def _clear_stale_pid(place: Place) -> None:
    """Remove the process id from the pid file of a crashed server: it may have been reused.

    The rest of the file stays; PostgreSQL uses it to find children that outlived a postmaster.
    """
    renumber = 'sed "1s/.*/$1/" postmaster.pid >pid.part && mv -f pid.part postmaster.pid'
    remove = "rm -f postmaster.pid"
    place.shell(f"cd data && if test -s postmaster.pid; then {renumber}; else {remove}; fi", NO_PID)


def _is_up(place: Place) -> bool:
    """Return whether the server runs, once it has finished starting or stopping."""
    deadline = time.monotonic() + TIMEOUT
    while server := _postmaster(place):
        if server[1] == "ready":
            return True
        if time.monotonic() > deadline:
            late = f"PostgreSQL (process {server[0]}) is still {server[1]} after {TIMEOUT} s"
            raise PostgresError(late)
        time.sleep(0.05)
    return False


def _postmaster(place: Place) -> tuple[int, str] | None:
    """Return the process id and state (starting, ready, stopping) of the live server, if any."""
    lines = _pid_file(place)
    if not lines[0].isdigit():
        return None
    # A live process with that id is the server only if it works in the data folder.
    linux = 'if test -d /proc/self; then test "/proc/$1/cwd" -ef data'
    others = 'else ps -o comm= -p "$1" | grep -q postgres; fi'
    if not place.shell(f"{linux}; {others}", lines[0])[0]:
        return None
    return int(lines[0]), lines[7].strip() if len(lines) > 7 else "starting"


def _pid_file(place: Place) -> list[str]:
    """Return the lines of the pid file: pid, data folder, start time, port, socket folder, ..., and
    the state in the eighth."""
    try:
        return os.fsdecode((place.data / "postmaster.pid").read_bytes()).split("\n")
    except FileNotFoundError:
        return [""]
