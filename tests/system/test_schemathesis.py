"""Schemathesis reads the description and calls everything in it, in the name of each role.

It finds no crash, no status, media type, header or schema that is not described, and nothing that
a token is needed for without one. In an environment of its own, for it brings its own versions of
what we use. The seed is fixed; what one run finds the next one finds.
"""

import asyncio
import re
import subprocess
import venv
from pathlib import Path

import pytest

from sunshine.database.embedded import Server
from tests.api import Api
from tests.system.test_browser import server

VERSION = "4.32.5"
CHECKS = (
    "not_a_server_error", "status_code_conformance", "content_type_conformance",
    "response_headers_conformance", "response_schema_conformance", "ignored_auth",
)  # fmt: skip
# Signing out ends the token that everything else is asked with; sockets do not speak HTTP.
LEFT_OUT = ("/api/auth/logout", "/ws/tickets", "/ws/ticketing", "/ws/branding-approval")
EXAMPLES = 4  # of each operation's fuzzing; the same number of stateful scenarios
# The edges of every field are tried by whom nothing is forbidden: most of the others' calls end at
# the 403 that comes before a payload is looked at. All is bounded in cases, not in time, so that a
# slow machine tries what a fast one tries.
PHASES = {"admin": "examples,coverage,fuzzing,stateful"}
ROLES = ("admin", "hr", "manager", "employee", "driver")


@pytest.fixture(scope="module")
def schemathesis(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The program."""
    folder = tmp_path_factory.mktemp("schemathesis")
    venv.create(folder, with_pip=True)
    pip = [str(folder / "bin" / "pip"), "install", "--quiet", "--no-compile"]
    subprocess.run([*pip, f"schemathesis=={VERSION}"], check=True, timeout=600)
    return folder / "bin" / "schemathesis"


async def token_of(api: Api, role: str) -> str:
    if role != "driver":
        return api.cast[role].token
    await api.sql(
        "INSERT INTO driver (name, license_number, username, password_hash)"
        " VALUES ('Driver', 'DL1', 'driver', 'x')",
        "fleet",
    )
    [row] = await api.sql("SELECT id FROM driver", "fleet")
    return api.app.application.tokens.sign(
        "driver", id_=row["id"], username="driver", role="driver", version=0,
        now=api.app.application.clock(),
    )  # fmt: skip


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.gen_test(timeout=900)
async def test_it_finds_nothing(
    api: Api,
    postgres: Server,
    schemathesis: Path,
    tmp_path: Path,
    role: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    token = await token_of(api, role)
    with server(tmp_path, postgres) as process:
        here = f"http://127.0.0.1:{process.port}"
        left_out = [word for path in LEFT_OUT for word in ("--exclude-path", path)]
        done = await asyncio.to_thread(
            subprocess.run,
            [
                str(schemathesis), "run", f"{here}/api/openapi.json", "--url", here,
                "--header", f"x-access-token:{token}", "--checks", ",".join(CHECKS),
                "--phases", PHASES.get(role, "fuzzing,stateful"), "--seed", "1",
                "--generation-deterministic", "--max-examples", str(EXAMPLES), "--no-color",
                "--suppress-health-check", "all", "--warnings", "off",
                *left_out,
            ],
            cwd=tmp_path, capture_output=True, text=True, timeout=800, check=False,
        )  # fmt: skip
        crashes = [line for line in process.stderr.splitlines() if '"crash"' in line]
    found = re.search(r"Test cases:\n +(([0-9,]+) generated.*)", done.stdout)
    assert found, done.stdout[-20_000:]
    with capsys.disabled():
        phases = ", ".join(re.findall(r"\S+ +(\w+ \(in .*?\))", done.stdout))
        print(f"\nschemathesis as {role}: {found[1]}; {phases}")
    assert done.returncode == 0, done.stdout[-20_000:] + done.stderr[-2000:]
    assert crashes == []
    assert int(found[2].replace(",", "")) > 100
