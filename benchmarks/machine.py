"""On what, and with which versions, a run was made: a result without them says nothing."""

import json
import os
import platform
import re
import subprocess
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from benchmarks.cluster import Cluster
from benchmarks.servers import PEERS, VENV

OURS = ("tornado", "psycopg", "psycopg-pool", "sqlalchemy", "msgspec")
EXPRESS = ("express", "sequelize", "pg", "ajv", "jsonwebtoken")
WS = ("ws", "jsonwebtoken")
FASTAPI = ("fastapi", "sqlalchemy", "asyncpg", "pydantic", "uvicorn", "uvloop", "httptools")


def describe(cluster: Cluster) -> dict[str, str]:
    """What to write beside the numbers."""
    return _here(cluster) | {
        "wrk": _said("wrk", "--version", pattern=r"wrk (\S+)"),
        "Python": platform.python_version(),
        "sunshine and floor": ", ".join(f"{name} {version(name)}" for name in OURS),
        "Node": _said("node", "--version", pattern=r"v(\S+)"),
        "express": _node_packages("express", EXPRESS),
        "fastapi": _said(str(VENV / "bin/python"), "-c", _VERSIONS, *FASTAPI, pattern="(.+)"),
    }


def describe_sockets(cluster: Cluster) -> dict[str, str]:
    """The same for a run of `sockets`."""
    return _here(cluster) | {
        "load": f"{os.getloadavg()[0]:.1f} at the end",
        "Python": platform.python_version(),
        "sunshine": ", ".join(f"{name} {version(name)}" for name in OURS),
        "Node": _said("node", "--version", pattern=r"v(\S+)"),
        "ws": _node_packages("ws", WS),
    }


def describe_process() -> dict[str, str]:
    """The same for a run of `bounds`, which has no database."""
    return _machine() | {
        "load": f"{os.getloadavg()[0]:.1f} at the end",
        "Python": platform.python_version(),
        "sunshine": ", ".join(f"{name} {version(name)}" for name in ("cerberus", "msgspec")),
    }


def _here(cluster: Cluster) -> dict[str, str]:
    return _machine() | {"PostgreSQL": cluster.version()}


def _machine() -> dict[str, str]:
    return {
        "date": f"{datetime.now(UTC):%Y-%m-%d}",
        "processor": f"{_processor()}, {os.cpu_count()} cores",
        "system": f"{_system()}, Linux {platform.release()}",
    }


_VERSIONS = """
import sys; from importlib.metadata import version
print(", ".join(name + " " + version(name) for name in sys.argv[1:]))
"""


def _processor() -> str:
    found = re.search(r"^model name\s*: (.+)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    return found[1] if found else platform.machine()


def _system() -> str:
    try:
        return platform.freedesktop_os_release()["PRETTY_NAME"]
    except (OSError, KeyError):
        return platform.system()


def _node_packages(peer: str, names: Sequence[str]) -> str:
    folder = PEERS / peer / "node_modules"
    try:
        found = {n: json.loads((folder / n / "package.json").read_text()) for n in names}
    except OSError:
        return "not installed"
    return ", ".join(f"{name} {package['version']}" for name, package in found.items())


def _said(*command: str, pattern: str) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError:
        return "not installed"
    found = re.search(pattern, done.stdout + done.stderr)
    return found[1] if found else "not installed"
