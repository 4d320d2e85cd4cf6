"""What a run needs: looked for before anything starts, each lack one line with its remedy."""

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path

from benchmarks.processes import BenchmarkError
from benchmarks.servers import LIVE, PEERS, ROOT, SERVERS, VENV

NODE = 18
INSTALL = "benchmarks/run.py --install"


def default_servers() -> list[str]:
    """All of them; uvloop is an extra of ours and need not be there."""
    uvloop = find_spec("uvloop") is not None
    return [name for name in SERVERS if uvloop or name != "sunshine-uvloop"]


def lacks(servers: Sequence[str]) -> list[str]:
    """One line for everything that is missing to run these servers."""
    load = not set(servers) <= LIVE.keys()
    return [*_machine(load), *_ours(servers), *_peers(servers)]


def _machine(load: bool) -> Iterator[str]:
    if not Path("/proc/self/stat").exists():
        yield "CPU times are read from /proc: this runs on Linux only"
    if load and not shutil.which("wrk"):
        yield "wrk makes the load and is missing: apt install wrk"


def _ours(servers: Sequence[str]) -> Iterator[str]:
    if any((SERVERS | LIVE)[name].ours for name in servers) and not (ROOT / "cli.py").exists():
        yield "this checkout has no cli.py: nothing of ours to measure"
    if "sunshine-uvloop" in servers and not find_spec("uvloop"):
        yield f"uvloop is missing: {sys.executable} -m pip install uvloop"


def _peers(servers: Sequence[str]) -> Iterator[str]:
    if "ws" in servers or any(name.startswith("express") for name in servers):
        yield from _node()
    for peer in ("express", "ws"):
        wanted = any(name.startswith(peer) for name in servers)
        if wanted and not (PEERS / peer / "node_modules/.package-lock.json").exists():
            yield f"the packages of the peer {peer} are missing: {sys.executable} {INSTALL}"
    if "fastapi" in servers and not (VENV / "bin/uvicorn").exists():
        yield f"the FastAPI peer's packages are missing: {sys.executable} {INSTALL}"


def _node() -> Iterator[str]:
    if not shutil.which("node"):
        yield f"node {NODE} or newer runs peers and is missing: apt install nodejs npm"
        return
    said = subprocess.run(["node", "--version"], capture_output=True, text=True, check=False)
    found = re.match(r"v(\d+)", said.stdout)
    if found is None or int(found[1]) < NODE:
        version = said.stdout.strip() or "no version"
        yield f"node {NODE} or newer is needed, this is {version}: see https://nodejs.org"


def install() -> None:
    """Fetch the peers' packages: exactly those of the lock file, and a venv for FastAPI."""
    if not shutil.which("npm"):
        raise BenchmarkError("npm fetches the peers' packages and is missing: apt install npm")
    quiet = ("--no-audit", "--no-fund")
    _run("npm", "ci", *quiet, cwd=PEERS / "express")
    _run("npm", "ci", *quiet, cwd=PEERS / "ws")
    _run(sys.executable, "-m", "venv", "--clear", str(VENV), cwd=ROOT)
    requirements = str(PEERS / "fastapi/requirements.txt")
    _run(str(VENV / "bin/python"), "-m", "pip", "install", "-q", "-r", requirements, cwd=ROOT)


def _run(*command: str, cwd: Path) -> None:
    print("$", *command, file=sys.stderr)
    if code := subprocess.run(command, cwd=cwd, stdout=sys.stderr, check=False).returncode:
        raise BenchmarkError(f"{command[0]} {command[1]} failed with exit code {code}")
