"""Every benchmark in its short form: that it runs, and compares servers that agree, not how fast.

What is recorded in benchmarks/README.md can then be repeated by anybody, on any day.
"""

import json
import subprocess
from types import SimpleNamespace
from typing import Any

import pytest

from benchmarks import agreement, needs
from benchmarks.run import main
from benchmarks.scenarios import SCENARIOS
from benchmarks.servers import LIVE, SERVERS
from tests.processes import CHECKOUT

PYTHON = str(CHECKOUT / ".venv/bin/python")
PATIENCE = 900.0  # seconds; a quiet machine takes a tenth at most
[WHAT] = [list(parameter.type.choices) for parameter in main.params if parameter.name == "what"]  # type: ignore[attr-defined]


@pytest.fixture(scope="module", autouse=True)
def peers() -> None:
    """The packages of the peers, exactly those of the lock files; what a run lacks besides comes
    with .ci/run."""
    if not needs.lacks([*needs.default_servers(), *LIVE]):
        return
    done = subprocess.run(
        [PYTHON, "benchmarks/run.py", "--install"],
        cwd=CHECKOUT, capture_output=True, text=True, timeout=600,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    assert needs.lacks([*needs.default_servers(), *LIVE]) == []


def run(*arguments: str) -> "subprocess.CompletedProcess[str]":
    command = [PYTHON, "benchmarks/run.py", *arguments]
    with subprocess.Popen(
        command, cwd=CHECKOUT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            stdout, stderr = process.communicate(timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            process.terminate()  # it stops what it started
            process.communicate(timeout=60)
            raise
    return subprocess.CompletedProcess(command, process.returncode, stdout, stderr)


@pytest.mark.parametrize("what", WHAT)
def test_it_runs(what: str) -> None:
    done = run(what, "--short", "--json")
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    measured: dict[str, Any] = json.loads(done.stdout)["measured"]
    assert measured
    if what == "compare":
        # Nothing is left out silently: every server has answered whatever is for it.
        servers = {name for samples in measured.values() for name in samples}
        assert measured.keys() == SCENARIOS.keys()
        assert servers >= SERVERS.keys() - {"sunshine-uvloop"}
        for name, samples in measured.items():
            assert samples.keys() == {each for each in servers if SCENARIOS[name].is_for(each)}
            assert all(sample["requests"] > 0 for each in samples.values() for sample in each)
    if what == "sockets":
        assert measured["held"].keys() == LIVE.keys()
        assert measured["slept"]


@pytest.mark.parametrize(
    ("image", "same"),
    [
        ("http://localhost:4000/api/static/cms/a.png", True),
        ("http://127.0.0.1:4000/api/static/cms/a.png", True),
        ("/api/static/cms/b.png", False),
        ("http://localhost:4001/api/static/cms/a.png", False),
        ("https://example.com/api/static/cms/a.png", False),
    ],
)
def test_servers_agree_on_a_file_by_whatever_address_of_theirs(image: str, same: bool) -> None:
    def answered(image: str) -> Any:
        body = json.dumps({"data": [{"image": image}]}, separators=(",", ":")).encode()
        server: Any = SimpleNamespace(
            name="x", url="http://127.0.0.1:4000", request=lambda *_: (200, body)
        )
        return agreement._ask(server, "/", None, 200)

    found = agreement._difference(answered(image), answered("/api/static/cms/a.png"))
    assert (found is None) == same


def test_one_that_is_unknown_is_refused_with_those_there_are() -> None:
    done = run("nonsense")
    assert done.returncode == 2
    assert all(what in done.stderr for what in WHAT)
