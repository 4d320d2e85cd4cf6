"""A folder for a cluster, and who uses it.

home           where a cluster may be made
server         a running one, for the tests that only look
var            stands in for /var/lib/sunshine, in every test
made           a cluster is copied where one is to be made: for the tests of what comes after
other_process  starts processes that use a cluster until their input ends
"""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from sunshine.database import cluster, embedded
from sunshine.database.embedded import running
from tests.kernel.postgres.factories import FAST

CHECKOUT = Path(__file__).parents[3]

USE_UNTIL_TOLD = """
import pathlib, sys
from sunshine.database.embedded import start
server = start(pathlib.Path(sys.argv[1]), options={"fsync": "off"})
print(server.host, flush=True)
sys.stdin.read()
server.stop()
"""


@pytest.fixture
def home():
    """A folder that every user can enter."""
    top = Path(tempfile.mkdtemp(prefix="sunshine-", dir="/tmp")).resolve()
    top.chmod(0o755)
    yield top / "private" / "postgres"
    shutil.rmtree(top)


@pytest.fixture(scope="session")
def _cluster():
    """The data of a cluster as it is when it has just been made."""
    with tempfile.TemporaryDirectory(prefix="sunshine-", dir="/tmp") as top:
        Path(top).chmod(0o755)
        place = cluster.find_place(Path(top) / "postgres")
        embedded._make_cluster(place, FAST)
        yield place.data


@pytest.fixture
def made(monkeypatch, _cluster):
    """`initdb` takes longer than all else that such a test does."""

    def copy(place, options):
        subprocess.run(["cp", "-a", _cluster, place.data], check=True)

    monkeypatch.setattr(embedded, "_make_cluster", copy)


@pytest.fixture(scope="module")
def server():
    """One for the tests that only look."""
    with tempfile.TemporaryDirectory(prefix="sunshine-", dir="/tmp") as top:
        Path(top).chmod(0o755)
        with running(Path(top) / "postgres", options=FAST) as server:
            yield server


@pytest.fixture(autouse=True)
def var(monkeypatch):
    """Stands in for /var/lib/sunshine."""
    top = Path(tempfile.mkdtemp(prefix="sunshine-var-", dir="/tmp")).resolve()
    top.chmod(0o755)
    monkeypatch.setenv("SUNSHINE_VAR", str(top))
    yield top
    shutil.rmtree(top)


@pytest.fixture
def other_process():
    """Starts processes that use a cluster until their input ends."""
    begun: list[subprocess.Popen[str]] = []

    def use(home: Path) -> subprocess.Popen[str]:
        command = [sys.executable, "-c", USE_UNTIL_TOLD, str(home)]
        pipe = subprocess.PIPE
        process = subprocess.Popen(command, cwd=CHECKOUT, stdin=pipe, stdout=pipe, text=True)
        begun.append(process)
        return process

    yield use
    for process in begun:
        process.kill()
        process.communicate()
