"""docs/sockets.md: its Python client runs as it stands there, and its tables are true.

The client for browsers runs in tests/system/test_browser.py.
"""

import asyncio
import json
import re
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from sunshine.live.hub import Close
from tests.api import Api
from tests.live.conftest import Noted, own_server
from tests.live.documented import PAGE, client


@asynccontextmanager
async def running(file: Path, *arguments: str) -> AsyncIterator[Process]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, file, *arguments, stdout=PIPE, stderr=PIPE
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def told(process: Process) -> Any:
    """The next frame that it prints."""
    assert process.stdout
    line = await asyncio.wait_for(process.stdout.readline(), 15)
    return json.loads(line)


@pytest.fixture
def program(tmp_path: Path) -> Path:
    file = tmp_path / "listen.py"
    file.write_text(client("python"))
    return file


async def test_the_python_client_resumes_at_the_next_server(
    api: Api, noted: Noted, program: Path
) -> None:
    async with own_server(api) as own:
        url = f"ws://127.0.0.1:{own.port}/ws/tickets"
        async with running(program, url, api.employee.token) as process:
            assert (await told(process))["type"] == "ready"
            await noted("employee", 1)
            assert (await told(process))["data"]["number"] == 1
            await own.app.stop()
            await noted("employee", 2)
            async with own_server(api, port=own.port) as successor:
                assert (await told(process))["data"]["number"] == 2
                assert (await told(process))["type"] == "ready"
                await noted("employee", 3)
                assert (await told(process))["data"]["number"] == 3
                answer = await successor.post("/api/auth/logout", as_="employee")
                assert answer.status == 200
                assert await asyncio.wait_for(process.wait(), 10) == 0
                await successor.app.stop()


@pytest.mark.parametrize("language", ["js", "python"])
def test_the_clients_are_short(language: str) -> None:
    assert len([line for line in client(language).splitlines() if line.strip()]) <= 20


def test_the_page_names_every_code() -> None:
    codes = {int(code) for code in re.findall(r"^\| (\d{4}) \|", PAGE.read_text("utf-8"), re.M)}
    assert codes == {*map(int, Close), 1009, 1006}
