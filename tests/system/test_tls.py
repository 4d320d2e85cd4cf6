"""Verified TLS to the database, by settings alone and in .env: the server, commands, backups."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.processes import CHECKOUT, Process, ask
from tests.system.clusters import Authority, Cluster, way
from tests.system.conftest import Clusters

ENCRYPTED = """
SELECT DISTINCT application_name, ssl FROM pg_stat_ssl JOIN pg_stat_activity USING (pid)
WHERE usename IN ('sunshine', 'certified') ORDER BY 1
"""


@pytest.fixture
def primary(clusters: Clusters) -> Cluster:
    return clusters.primary()


def sunshine(home: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """A command with `.env` in its home."""
    return subprocess.run(
        [sys.executable, CHECKOUT / "cli.py", *arguments], cwd=home, text=True,
        capture_output=True, timeout=120, check=False,
        env={"PATH": os.environ["PATH"], "SUNSHINE_HOME": str(home), **environment},
    )  # fmt: skip


def written(home: Path, variables: dict[str, str]) -> Path:
    """A home folder with that `.env`."""
    home.mkdir()
    lines = {"APP_ENV": "test", "DIR": f"{home}/files"} | variables
    (home / ".env").write_text("\n".join(f"{name}={value}" for name, value in lines.items()))
    return home


def test_everything_goes_over_verified_tls(
    primary: Cluster, authority: Authority, serving: Callable[..., Process], folder: Path
) -> None:
    home = written(folder / "home", way(authority, primary))
    process = serving(SUNSHINE_HOME=str(home)).ready()
    assert ask(process.port, "/readyz").status == 200
    assert {("sunshine", True), ("sunshine feed", True)} <= set(primary.sql(ENCRYPTED))
    assert all(encrypted for _, encrypted in primary.sql(ENCRYPTED))
    assert sunshine(home, "db", "status").returncode == 0
    shell = sunshine(home, "db", "shell", "-XAtc", "SELECT ssl FROM pg_stat_ssl WHERE pid ="
                     " pg_backend_pid()")  # fmt: skip
    assert shell.stdout.strip() == "t", shell.stderr
    made = sunshine(home, "backup", "create", "--to", str(folder / "shelf"), "--json")
    assert made.returncode == 0, made.stderr
    where = json.loads(made.stdout)["path"]
    assert sunshine(home, "backup", "verify", where).returncode == 0
    assert process.stop() == 0
    restored = sunshine(home, "backup", "restore", where, "--force")
    assert restored.returncode == 0, restored.stderr


def test_a_server_that_asks_for_a_certificate_gets_ours(
    primary: Cluster, authority: Authority, folder: Path
) -> None:
    ours = {
        "PG_SUNSHINE_USER": "certified",
        "PG_SUNSHINE_SSLCERT": str(authority.client.file),
        "PG_SUNSHINE_SSLKEY": str(authority.client.key),
    }
    home = written(folder / "home", way(authority, primary) | ours)
    assert sunshine(home, "db", "status").returncode == 0
    shell = sunshine(home, "db", "shell", "-XAtc", "SELECT current_user")
    assert shell.stdout.strip() == "certified", shell.stderr
    without = written(folder / "other", way(authority, primary) | {"PG_SUNSHINE_USER": "certified"})
    refused = sunshine(without, "db", "status")
    assert refused.returncode == 1
    assert "certificate" in refused.stderr
    assert refused.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("variables", "says"),
    [
        ({"PG_SUNSHINE_HOST": "127.0.0.1"}, "does not match host name"),
        ({"PG_SUNSHINE_SSLROOTCERT": "system"}, "certificate verify failed"),
        ({"PG_SUNSHINE_SSLMODE": "disable"}, "no encryption"),
    ],
)
def test_a_server_that_is_not_who_it_should_be_is_one_line(
    primary: Cluster, authority: Authority, folder: Path, variables: dict[str, str], says: str
) -> None:
    home = written(folder / "home", way(authority, primary) | variables)
    done = sunshine(home, "db", "status")
    assert done.returncode == 1
    assert says in done.stderr
    assert done.stderr.count("\n") == 1, done.stderr


def test_who_has_configured_libpq_itself_keeps_that(
    primary: Cluster, authority: Authority, folder: Path
) -> None:
    plain = {name: value for name, value in way(authority, primary).items() if "SSL" not in name}
    home = written(folder / "home", plain)
    done = sunshine(home, "db", "status", PGSSLMODE="verify-full", PGSSLROOTCERT="/dev/null")
    assert done.returncode == 1
    trusted = {"PGSSLMODE": "verify-full", "PGSSLROOTCERT": str(authority.root)}
    assert sunshine(home, "db", "status", **trusted).returncode == 0
