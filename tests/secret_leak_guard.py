"""Listens to everything that is logged during a run, and fails the run for a secret in it.

In this process that is what pytest captured; servers and commands in processes of their own are
handed over by whoever started them (`heard`). Secrets are known by their shape (tokens, hashes,
signed URLs) or because they were used: passwords that were hashed or tried, what signs tokens.
In a run by several workers each tells what it found to the process that started them.
"""

import re
from collections.abc import Iterator
from typing import Any

import pytest

from sunshine.identity.passwords import Passwords

SHAPES = re.compile(
    r"eyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]{16,}"  # a token
    r"|\$2[aby]\$\d\d\$[./A-Za-z0-9]{22}"  # a hash
    r"|[?&]s=[0-9a-f]{64}"  # a URL that opens a file
)
# What may stand in a text by chance: anything short, and plain words, such as `password`, which is
# one of the original's examples.
CHANCE = re.compile(r".{0,7}|[a-z]+", re.DOTALL)
used: set[str] = set()
found: list[str] = []


def heard(text: str, where: str) -> None:
    """Something was said; remember the lines that no log may hold."""
    if SHAPES.search(text) or any(secret in text for secret in used):
        found.extend(
            f"{where}: {line}"
            for line in text.splitlines()
            if SHAPES.search(line) or any(secret in line for secret in used)
        )


def _remember(secret: object) -> None:
    if isinstance(secret, str) and not CHANCE.fullmatch(secret):
        used.add(secret)


@pytest.fixture(scope="session", autouse=True)
def _listening() -> Iterator[None]:
    """Every password that is hashed or tried in this process is one that no log may hold."""
    from tests.conftest import PASSWORD, SECRET

    for secret in (PASSWORD, SECRET):
        _remember(secret)
    hash_, matches = Passwords.hash, Passwords.matches

    async def hashing(self: Passwords, password: str) -> str:
        _remember(password)
        return await hash_(self, password)

    async def matching(self: Passwords, password: str, hashed: str | None) -> bool:
        _remember(password)
        return await matches(self, password, hashed)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Passwords, "hash", hashing)
        patch.setattr(Passwords, "matches", matching)
        yield


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    heard("\n".join((report.capstdout, report.capstderr, report.caplog)), report.nodeid)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """A worker has ended (pytest-xdist)."""
    found.extend(getattr(node, "workeroutput", {}).get("secrets", []))


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["secrets"] = found
    if found:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    lines = list(dict.fromkeys(found))
    if lines:
        terminalreporter.section("secrets in the log", red=True)
        for line in lines:
            terminalreporter.line(line)
