"""Makes or mends .venv for bin/sunshine, which calls this only when its stamps do not match.

Runs on a bare Python 3.11; imports nothing of ours. All it says goes to stderr.
"""

from __future__ import annotations

import fcntl
import importlib.util
import json
import os
import pwd
import re
import shutil
import subprocess
import sys
import threading
import time
import tomllib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

ROOT = Path(__file__).resolve().parents[1]
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
MADE = VENV / ".sunshine"  # the stamps, and the lock; the name is known to bin/sunshine
BEGUN = MADE / "installing"  # there while an install runs, and after one that was interrupted
PROJECT = ROOT / "pyproject.toml"
# Not the Python of an activated .venv, which may be about to go.
BASE: str = getattr(sys, "_base_executable", sys.executable)


TICK_SECONDS = 2.0  # between two signs of life on a terminal


def say(text: str) -> None:
    print(f"sunshine: {text}", file=sys.stderr, flush=True)


def main(purpose: str) -> None:
    """Install what `purpose` (run or test) needs, one process at a time."""
    if is_of_another() and serves_as_it_is(purpose):
        return
    MADE.mkdir(parents=True, exist_ok=True)
    with (MADE / "lock").open("w") as lock:
        wait_for(lock)
        text = PROJECT.read_bytes()
        wanted = dependencies(text.decode(), purpose)
        if not is_installed(purpose, wanted):
            install(wanted)
            stamp(purpose, wanted)
        (MADE / f"{purpose}.toml").write_bytes(text)


def is_of_another() -> bool:
    """Whether somebody else made .venv, and we may not change it."""
    return MADE.is_dir() and not os.access(MADE, os.W_OK)


def serves_as_it_is(purpose: str) -> bool:
    """Whether .venv is complete for us. Where it is not, one line says what to do, and by whom."""
    owner = name_of(VENV.stat().st_uid)
    target = os.path.realpath(PYTHON)
    if not runs():
        us = name_of(os.geteuid())
        sys.exit(
            f"sunshine: {VENV} was made by {owner} and user {us} cannot run its Python, {target}: "
            f"let {owner} remove {VENV} and run bin/sunshine again with a Python that everybody "
            "may run, such as the system's, first on the PATH"
        )
    if is_installed(purpose, dependencies(PROJECT.read_text(), purpose)):
        return True
    again = "bin/sunshine test --version" if purpose == "test" else "bin/sunshine version"
    sys.exit(
        f"sunshine: {VENV} belongs to {owner} and lacks what {PROJECT} asks for: "
        f"let {owner} run {again}"
    )


def name_of(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:  # a container may have none
        return str(uid)


def wait_for(lock: IO[str]) -> None:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        say(f"another process is preparing {VENV}; waiting for it")
        fcntl.flock(lock, fcntl.LOCK_EX)


def dependencies(pyproject: str, purpose: str) -> list[str]:
    project = tomllib.loads(pyproject)["project"]
    wanted = list(project.get("dependencies", []))
    if purpose == "test":
        wanted += project.get("optional-dependencies", {}).get("dev", [])
    return wanted


def is_installed(purpose: str, wanted: list[str]) -> bool:
    stamped = MADE / f"{purpose}.json"
    if BEGUN.exists() or not same_python() or not stamped.exists():
        return False
    return stamped.read_text() == json.dumps(wanted)


def same_python() -> bool:
    """Whether .venv still runs on the Python it was made with, not on an upgraded or absent one."""
    used = MADE / "python"
    return used.exists() and used.read_text().strip() == os.path.realpath(PYTHON) and runs()


def runs() -> bool:
    new_enough = "import sys; sys.exit(sys.version_info < (3, 11))"
    try:
        return PYTHON.exists() and succeeds([str(PYTHON), "-c", new_enough])
    except PermissionError:  # it is where we may not go
        return False


def stamp(purpose: str, wanted: list[str]) -> None:
    """Record a finished install; main writes the file that bin/sunshine compares after this."""
    (MADE / "python").write_text(os.path.realpath(PYTHON) + "\n")
    (MADE / f"{purpose}.json").write_text(json.dumps(wanted))
    BEGUN.unlink()


def install(wanted: list[str]) -> None:
    uv = shutil.which("uv")
    if not uv:
        require_venv_module()
    by_hand = not (MADE / "python").exists() and runs()
    if BEGUN.exists() or not (same_python() or by_hand):
        clear()
    BEGUN.touch()
    say(f"installing into {VENV}; this takes up to a minute, once")
    warn_of_a_private_python()
    if uv and with_uv(uv, wanted):
        return
    if uv:
        say("uv did not manage; trying with pip")
        require_venv_module()
    if not with_pip(wanted):
        if by_hand or same_python():
            BEGUN.unlink()  # what was complete before serves on: pip refuses before it changes
        sys.exit("sunshine: the installation failed, see above; the next run tries again")


def clear() -> None:
    """Empty .venv around the lock, which others may be waiting for."""
    for path in [*VENV.iterdir(), *MADE.iterdir()]:
        if path == MADE or path == MADE / "lock":
            continue
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()


def warn_of_a_private_python() -> None:
    """Of one that others cannot run, such as root's own in /root."""
    real = Path(os.path.realpath(BASE))
    closed = [each for each in real.parents if not each.stat().st_mode & 0o001]
    if os.geteuid() == 0 and closed:
        say(f"only root will be able to run it, for its Python is in {closed[0]}")


def with_uv(uv: str, wanted: list[str]) -> bool:
    make = [uv, "venv", "--quiet", "--allow-existing", "--python", BASE, str(VENV)]
    if not PYTHON.exists() and not succeeds(make):
        return False
    install = [uv, "pip", "install", "-q", "--python", str(PYTHON), *wanted]
    with signs_of_life(lambda: "installing"):
        return not wanted or succeeds(install)


def with_pip(wanted: list[str]) -> bool:
    if not has_pip():
        say("making the environment")
        if not succeeds([BASE, "-m", "venv", str(VENV)]):
            return False
    pip = [str(PYTHON), "-m", "pip", "install", "--disable-pip-version-check", "--no-input"]
    return not wanted or Pip([*pip, "--progress-bar", "off", *wanted]).succeeds()


class Pip:
    """A run of pip: a line for each phase, on a terminal one that changes, and what it says itself
    only where it fails."""

    def __init__(self, command: list[str]) -> None:
        self.command = command
        self.wanted: set[str] = set()
        self.to_install = 0
        self.there = self.count()

    @staticmethod
    def count() -> int:
        """How many packages .venv has."""
        return sum(1 for _ in VENV.glob("lib/python3*/site-packages/*.dist-info"))

    def succeeds(self) -> bool:
        """Whether it did."""
        pipe = subprocess.PIPE
        process = subprocess.Popen(
            self.command, stdout=pipe, stderr=subprocess.STDOUT, text=True, errors="replace"
        )
        said = []
        say("downloading packages")
        with process, signs_of_life(self.standing):
            for line in process.stdout or ():
                said.append(line)
                self.hear(line)
        if process.returncode:
            print("".join(said[-30:]), file=sys.stderr, flush=True)
        return process.returncode == 0

    def hear(self, line: str) -> None:
        """A line of pip's own."""
        if found := re.match(r"(?:Collecting|Requirement already satisfied:) ([\w.-]+)", line):
            self.wanted.add(found[1].lower())
        elif line.startswith("Installing collected packages:"):
            self.to_install = line.count(",") + 1
            clear_line()
            say(f"installing {self.to_install} packages")

    def standing(self) -> str:
        """How far it is."""
        if not self.to_install:
            return f"downloading, {len(self.wanted)} packages so far"
        return f"installing {min(self.count() - self.there, self.to_install)}/{self.to_install}"


@contextmanager
def signs_of_life(standing: Callable[[], str]) -> Iterator[None]:
    """On a terminal, tell every two seconds how it stands, in one line that vanishes at the end."""
    if not sys.stderr.isatty():
        yield
        return
    ended, began = threading.Event(), time.monotonic()

    def tell() -> None:
        while not ended.wait(TICK_SECONDS):
            seconds = round(time.monotonic() - began)
            print(
                f"\r\033[Ksunshine: {standing()} ({seconds} s)", end="", file=sys.stderr, flush=True
            )

    teller = threading.Thread(target=tell, daemon=True)
    teller.start()
    try:
        yield
    finally:
        ended.set()
        teller.join()
        clear_line()


def clear_line() -> None:
    if sys.stderr.isatty():
        print("\r\033[K", end="", file=sys.stderr, flush=True)


def has_pip() -> bool:
    return PYTHON.exists() and any(VENV.glob("lib/python3*/site-packages/pip/__main__.py"))


def succeeds(command: list[str]) -> bool:
    return subprocess.run(command, stdout=sys.stderr).returncode == 0


def require_venv_module() -> None:
    if not all(importlib.util.find_spec(name) for name in ("venv", "ensurepip")):
        version = f"python3.{sys.version_info.minor}"
        system = os.path.realpath("/usr/bin/python3").endswith(version)
        package = "python3-venv" if system else f"{version}-venv"
        sys.exit(
            f"sunshine: {sys.executable} cannot make a virtual environment: apt install {package}"
        )


if __name__ == "__main__":
    try:
        main(sys.argv[1])
    except KeyboardInterrupt:
        sys.exit(130)
    except OSError as error:
        line = f"sunshine: cannot prepare {error.filename or VENV}: {error.strerror}"
        if isinstance(error, PermissionError):
            owner = name_of(ROOT.stat().st_uid)
            line += f"; let {owner}, whose checkout it is, run bin/sunshine version once"
        sys.exit(line)
