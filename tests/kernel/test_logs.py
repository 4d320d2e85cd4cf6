"""Logs: one JSON object per line in production, and never a secret, from a real server process."""

import json
import os
import re
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from sunshine.core.settings import Settings
from tests.api import Api
from tests.conftest import PASSWORD, SECRET

ROOT = Path(__file__).parents[2]
TYPED = "typed-into-a-field"
ORIGIN = "https://office.example.com"


def environment(settings: Settings, folder: Path, **more: str) -> dict[str, str]:
    database = settings.databases["sunshine"]
    return {
        "PATH": os.environ["PATH"], "HOME": str(folder), "DIR": str(folder / "files"),
        "SUNSHINE_HOME": str(folder), "PYTHONPATH": str(ROOT), "APP_ENV": "production",
        "JWT_SECRET": SECRET, "CORS_ORIGINS": ORIGIN, "BCRYPT_COST": "4",
        "PG_SUNSHINE_HOST": database.host, "PG_SUNSHINE_PORT": str(database.port),
        "PG_SUNSHINE_USER": database.user, **more,
    }  # fmt: skip


def call(url: str, body: Any = None, token: str | None = None, **headers: str) -> int:
    request = urllib.request.Request(url, None if body is None else json.dumps(body).encode())
    request.add_header("Content-Type", "application/json")
    for name, value in headers.items():
        request.add_header(name.replace("_", "-"), value)
    if token:
        request.add_header("x-access-token", token)
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        with error:
            return error.code


def test_a_server_logs_json_lines_without_a_secret(
    api: Api, settings: Settings, tmp_path: Path
) -> None:
    process = subprocess.Popen(
        [sys.executable, str(ROOT / "cli.py"), "serve", "--address", "127.0.0.1", "--port", "0"],
        cwd=tmp_path, env=environment(settings, tmp_path, LOG_SQL="1"), text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    assert process.stderr
    before: list[str] = []
    try:
        while not (ready := re.search(r"ready on (http://\S+)", line := process.stderr.readline())):
            assert line, before
            before.append(line)
        url = ready[1].replace("localhost", "127.0.0.1")
        use(url, api)
    finally:
        process.send_signal(signal.SIGTERM)
        out, rest = process.communicate(timeout=20)
    assert (process.returncode, out) == (0, "")
    text = "".join(before) + rest
    lines = [json.loads(line) for line in text.splitlines()]
    assert all({"event", "level", "timestamp"} <= line.keys() for line in lines)

    for secret in (PASSWORD, SECRET, TYPED, api.admin.token, api.admin.token[-20:], "$2b$"):
        assert secret not in text

    requests = [line for line in lines if line["event"] == "request"]
    assert [line["status"] for line in requests] == [200, 401, 200, 401, 201, 400, 404]
    first = requests[2]
    assert (first["method"], first["path"]) == ("GET", "/api/employees")
    assert first["actor"] == f"user:{api.admin.user_id}"
    assert first["address"] == "198.51.100.7"
    assert first["request_id"] == "trace-1"
    assert first["ms"] >= 0
    assert requests[3]["actor"] is None
    statements = [line["statement"] for line in lines if line["event"] == "sql"]
    assert any("FROM employee" in statement for statement in statements)


def use(url: str, api: Api) -> None:
    """Good and bad requests, each with something that must not be written down."""
    token = api.admin.token
    name = {"username": "admin"}
    user = {"username": "new", "name": TYPED, "password": PASSWORD, "role": "employee"}
    found = [
        call(f"{url}/api/auth/login", {**name, "password": PASSWORD}),
        call(f"{url}/api/auth/login", {**name, "password": TYPED}),
        call(
            f"{url}/api/employees?search={TYPED}", token=token,
            X_Forwarded_For="198.51.100.7", X_Request_Id="trace-1",
        ),
        call(f"{url}/api/employees?token={TYPED}", token=f"{token}{TYPED}"),
        call(f"{url}/api/users", user, token),
        call(f"{url}/api/users", {**user, "role": TYPED}, token, Authorization=f"Bearer {TYPED}"),
        call(f"{url}/nowhere?key={TYPED}", Cookie=f"session={TYPED}"),
    ]  # fmt: skip
    assert found == [200, 401, 200, 401, 201, 400, 404]


SCRIPT = """
import logging, structlog
from sunshine.core import environment
from sunshine.operations import logs
logs.configure(environment.load())
log = structlog.get_logger("sunshine.test")
log.debug("too quiet")
log.info("said", path="/a\\nb", thing=object, text="é\\u2028")
try:
    raise RuntimeError("why")
except RuntimeError:
    log.exception("crash", request_id="abc")
logging.getLogger("tornado.general").info("a library's chatter")
logging.getLogger("tornado.general").warning("a library's %s", "warning")
"""


@pytest.mark.parametrize(("form", "level"), [("json", "info"), ("auto", "info"), ("text", "error")])
def test_it_writes_ours_and_the_libraries_lines_alike(
    settings: Settings, tmp_path: Path, form: str, level: str
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], cwd=tmp_path, text=True, capture_output=True, check=True,
        env=environment(settings, tmp_path, LOG_FORMAT=form, LOG_LEVEL=level),
    )  # fmt: skip
    assert done.stdout == ""
    if form == "text":
        assert "crash" in done.stderr
        assert "said" not in done.stderr
        assert "\x1b[" not in done.stderr  # no colours into a file
        return
    lines = [json.loads(line) for line in done.stderr.strip().split("\n")]
    said, crash, warning = lines
    assert (said["event"], said["level"], said["path"]) == ("said", "info", "/a\nb")
    assert (crash["event"], crash["level"], crash["request_id"]) == ("crash", "error", "abc")
    assert "Traceback" in crash["exception"]
    assert "RuntimeError: why" in crash["exception"]
    assert (warning["event"], warning["logger"]) == ("a library's warning", "tornado.general")
