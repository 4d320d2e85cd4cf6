"""A disk that fills up for real: behind PostgreSQL, behind the log. As root: it mounts one."""

import subprocess
import tempfile
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest

from sunshine.database import embedded as launcher
from tests.processes import CHECKOUT, Process, ask, reach
from tests.system.conftest import People
from tests.system.machine import free_port, until

PYTHON = CHECKOUT / ".venv/bin/python"
# PostgreSQL's log of changes must find room in files that are there already.
SMALL = {"max_wal_size": "48MB", "min_wal_size": "48MB", "wal_keep_size": "32MB"}


@pytest.fixture
def disk() -> Iterator[Path]:
    """A disk of 320 MiB that every user may enter."""
    home = Path(tempfile.mkdtemp(prefix="sunshine disk ")).resolve()
    home.chmod(0o755)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=320m,mode=1777", "tmpfs", home], check=True)
    yield home
    subprocess.run(["umount", "-l", home], check=True)
    home.rmdir()


@pytest.fixture
def cluster(disk: Path) -> Iterator[launcher.Server]:
    """A PostgreSQL on it."""
    with launcher.running(disk / "postgres", options=SMALL) as server:
        yield server


def fill(disk: Path) -> Path:
    """Leave nothing."""
    filler = disk / "filler"
    with filler.open("wb", buffering=0) as stream:
        try:
            while True:
                stream.write(bytes(1 << 16))
        except OSError:
            pass
    return filler


def test_a_database_that_is_full_says_so_and_goes_on_when_there_is_room(
    cluster: launcher.Server, disk: Path, folder: Path
) -> None:
    environ = reach(cluster)
    process = Process(folder, **environ, LOG_LEVEL="error")
    try:
        process.ready(120)
        run = [PYTHON, CHECKOUT / "cli.py"]
        home = {"SUNSHINE_HOME": str(folder), "PATH": "/usr/bin:/bin", "APP_ENV": "test",
                "JWT_SECRET": "a-secret-for-tests-that-is-long-enough", **environ}  # fmt: skip
        token = subprocess.run(
            [*run, "token", "issue", "admin"], env=home, check=True, capture_output=True, text=True,
        ).stdout.strip()  # fmt: skip
        numbers = count()

        def write() -> int:
            body = {"name": f"Department {next(numbers)}"}
            said = ask(process.port, "/api/departments", token=token, body=body)
            assert said.status in (201, 507), said
            if said.status == 507:
                assert said.json["code"] == "storage_full"
                assert said.retry_after is None
            return said.status

        assert write() == 201
        filler = fill(disk)
        until(lambda: write() == 507, 60)
        ready = ask(process.port, "/readyz")
        assert (ready.status, ready.json["data"]) == (503, {"sunshine": "storage_full"})
        assert ask(process.port, "/api/departments", token=token).status == 200  # reading goes on
        before = ask(process.port, "/api/departments", token=token).json["pagination"]["total"]
        filler.unlink()
        assert write() == 201
        until(lambda: ask(process.port, "/readyz").status == 200, 60)
        after = ask(process.port, "/api/departments", token=token).json["pagination"]["total"]
        assert after == before + 1  # what was refused is not there
        assert "no room left" in process.stderr
    finally:
        process.kill()


def test_a_log_without_room_stops_nobody(
    start: Callable[..., Process], people: People, folder: Path
) -> None:
    class Silent(Process):
        under = ("sh", "-c", 'exec "$@" 2>/dev/full', "sh")

    port = free_port()
    process = start("--port", str(port), kind=Silent, LOG_LEVEL="info", LOG_FORMAT="json")
    until(lambda: _answers(port), 60)
    for _ in range(50):
        assert ask(port, "/api/users", token=people.admin).status == 200
        assert ask(port, "/api/nothing", token=people.admin).status == 404
    made = ask(port, "/api/departments", token=people.admin, body={"name": "New"})
    assert made.status == 201
    assert process.stop() == 0


def _answers(port: int) -> bool:
    try:
        return ask(port, "/healthz").status == 200
    except OSError:
        return False
