"""The canary sings: a run whose log holds a secret fails, whatever its tests say."""

import os
import subprocess
import sys
from pathlib import Path

import jwt
import pytest

from tests.conftest import PASSWORD_HASH, SECRET

ROOT = Path(__file__).parents[2]
TEST = """
import asyncio
import structlog
from sunshine.identity.passwords import Passwords

def test_it():
    passwords = Passwords(4)
    asyncio.run(passwords.{verb})
    passwords.close()
    structlog.get_logger("test").info("something", what={what!r})
"""
TOKEN = jwt.encode({"id": 1, "username": "ann", "role": "hr"}, SECRET, algorithm="HS256")


def run(
    folder: Path, what: str, verb: str = "hash('not-in-the-log')", *options: str
) -> tuple[int, str]:
    """The exit code of a run of one test that logs something, and what was told."""
    (folder / "test_it.py").write_text(TEST.format(what=what, verb=verb))
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "tests.secret_leak_guard", "-p", "no:tornado",
         *options, "-p", "no:cacheprovider", "--rootdir", folder, "-c", os.devnull,
         folder / "test_it.py"],
        cwd=ROOT, capture_output=True, text=True,
    )  # fmt: skip
    assert "1 passed" in done.stdout, done.stdout + done.stderr
    return done.returncode, done.stdout


@pytest.mark.parametrize(
    ("what", "verb"),
    [
        (TOKEN, "hash('not-in-the-log')"),
        (PASSWORD_HASH, "hash('not-in-the-log')"),
        (SECRET, "hash('not-in-the-log')"),
        ("https://x/api/static/a.jpg?e=1&s=" + "0f" * 32, "hash('not-in-the-log')"),
        ("the password is new-and-long-1", "hash('new-and-long-1')"),
        ("somebody tried guess-of-somebody", "matches('guess-of-somebody', None)"),
    ],
    ids=["token", "hash", "secret", "url", "hashed", "tried"],
)
def test_a_secret_in_the_log_fails_the_run(tmp_path: Path, what: str, verb: str) -> None:
    code, told = run(tmp_path, what, verb)
    assert code == 1
    assert "secrets in the log" in told
    assert what in told


def test_workers_tell_what_they_found(tmp_path: Path) -> None:
    """The password is known only where it was hashed."""
    code, told = run(tmp_path, "it is new-and-long-1", "hash('new-and-long-1')", "-n", "1")
    assert code == 1
    assert "it is new-and-long-1" in told


def test_any_other_log_is_fine(tmp_path: Path) -> None:
    """One of the original's examples is a password of that very word."""
    what = "jti 0123456789abcdef0123456789abcdef of user 7, who has a password"
    code, told = run(tmp_path, what, "hash('password')")
    assert code == 0
    assert "secrets" not in told
