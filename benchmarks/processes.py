"""Processes of one machine: started as a group, stopped as a group, their CPU time from /proc."""

import os
import signal
import socket
import subprocess
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

TICKS = os.sysconf("SC_CLK_TCK")
STOP_SECONDS = 15
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class BenchmarkError(Exception):
    """The benchmark cannot go on: one clear line."""


class Stat(NamedTuple):
    """A process as /proc tells it. Times in clock ticks, all threads together."""

    parent: int
    group: int
    own: int
    reaped: int


def stat(pid: int) -> Stat | None:
    """None when the process has ended."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return None
    # The program's name stands in brackets and may hold anything, brackets too.
    fields = text.rpartition(")")[2].split()
    utime, stime, cutime, cstime = map(int, fields[11:15])
    return Stat(int(fields[1]), int(fields[2]), utime + stime, cutime + cstime)


def _all() -> Iterator[tuple[int, Stat]]:
    for entry in os.listdir("/proc"):
        if entry.isdigit() and (found := stat(int(entry))):
            yield int(entry), found


def group_cpu(group: int) -> float:
    """CPU seconds that a process group has used so far, ended children included."""
    return _seconds(found for _, found in _all() if found.group == group)


def family_cpu(pid: int) -> float:
    """CPU seconds of a process and its children; PostgreSQL gives each backend its own group."""
    return _seconds(found for child, found in _all() if pid in (child, found.parent))


def _seconds(stats: Iterable[Stat]) -> float:
    return sum(found.own + found.reaped for found in stats) / TICKS


def group_rss(group: int) -> int:
    """Bytes of resident memory of a process group."""
    pages = 0
    for child, found in _all():
        if found.group == group:
            with suppress(FileNotFoundError, ProcessLookupError):
                pages += int(Path(f"/proc/{child}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


@contextmanager
def growth(group: int) -> Iterator[list[int]]:
    """By how many bytes the memory of a process group grew at most, during the block."""
    before, most, over = group_rss(group), [0], threading.Event()

    def watch() -> None:
        while not over.wait(0.1):
            most[0] = max(most[0], group_rss(group) - before)

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield most
    finally:
        over.set()
        thread.join()


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def running(
    command: Sequence[str], cwd: Path, env: Mapping[str, str], log: Path
) -> Iterator[subprocess.Popen[bytes]]:
    """A process in a group of its own, which ends with the block."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            cwd=cwd,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        yield process
    finally:
        _stop(process)


def _stop(process: subprocess.Popen[bytes]) -> None:
    _signal(process.pid, signal.SIGTERM)
    try:
        with suppress(subprocess.TimeoutExpired):
            process.wait(STOP_SECONDS)
    finally:
        _signal(process.pid, signal.SIGKILL)
        process.wait()


def _signal(group: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.killpg(group, number)


def unwind_on_signals() -> None:
    """Let each of SIGNALS end the program as Ctrl-C does, once: stopping is not interrupted."""

    def interrupt(*_: object) -> None:
        for number in SIGNALS:
            signal.signal(number, signal.SIG_IGN)
        raise KeyboardInterrupt

    for number in SIGNALS:
        signal.signal(number, interrupt)
