"""Makes or mends .venv for bin/sunshine, which calls this only when its stamps do not match.

Runs on a bare Python 3.11; imports nothing of ours. All it says goes to stderr.
"""

from __future__ import annotations

import fcntl
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import tomllib
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


def say(text: str) -> None:
    print(f"sunshine: {text}", file=sys.stderr, flush=True)


def main(purpose: str) -> None:
    """Install what `purpose` (run or test) needs, one process at a time."""
    MADE.mkdir(parents=True, exist_ok=True)
    with (MADE / "lock").open("w") as lock:
        wait_for(lock)
        text = PROJECT.read_bytes()
        wanted = dependencies(text.decode(), purpose)
        if not is_installed(purpose, wanted):
            install(wanted)
            stamp(purpose, wanted)
        (MADE / f"{purpose}.toml").write_bytes(text)


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
    return PYTHON.exists() and succeeds([str(PYTHON), "-c", new_enough])


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


def with_uv(uv: str, wanted: list[str]) -> bool:
    make = [uv, "venv", "--quiet", "--allow-existing", "--python", BASE, str(VENV)]
    if not PYTHON.exists() and not succeeds(make):
        return False
    return not wanted or succeeds([uv, "pip", "install", "-q", "--python", str(PYTHON), *wanted])


def with_pip(wanted: list[str]) -> bool:
    if not has_pip() and not succeeds([BASE, "-m", "venv", str(VENV)]):
        return False
    pip = [str(PYTHON), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    return not wanted or succeeds([*pip, *wanted])


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
        sys.exit(f"sunshine: cannot prepare {error.filename or VENV}: {error.strerror}")
