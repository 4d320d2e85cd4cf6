"""Files in S3, against a server that speaks it: moto's, in a process and an environment of its own.

It brings two dozen packages along, so it is no development dependency of everybody's.
"""

import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from tornado.ioloop import IOLoop
from tornado.testing import bind_unused_port

from sunshine.core.errors import Unavailable
from sunshine.core.settings import Settings
from sunshine.files.s3 import S3Storage
from sunshine.files.storage import Storage
from tests.api import Api
from tests.conftest import Now, serve
from tests.files.forms import PNG, path_of, uploaded
from tests.files.storing import SENTENCES, listed
from tests.files.test_storage import Sentence

VENV = Path(__file__).parents[2] / ".venv" / "moto"
# What its S3 needs of `moto[server]`, which brings sixty packages and installs three times as long.
MOTO = ("flask>=3,<4", "flask-cors>=6,<7", "py-partiql-parser>=0.6,<0.7", "pyyaml>=6,<7",
        "moto>=5.2,<6")  # fmt: skip


@pytest.fixture(scope="module")
def s3() -> Iterator[str]:
    """The URL of an S3 server."""
    program = VENV / "bin" / "moto_server"
    if not program.exists():
        subprocess.run([sys.executable, "-m", "venv", VENV], check=True)
        pip = [str(VENV / "bin" / "pip"), "install", "--quiet", "--no-compile"]
        subprocess.run([*pip, *MOTO], check=True)
    unused, port = bind_unused_port()
    unused.close()
    url = f"http://127.0.0.1:{port}"
    process = subprocess.Popen(
        [program, "-H", "127.0.0.1", "-p", str(port)],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        _wait_for(url)
        yield url
    finally:
        process.terminate()
        process.wait(20)


def _wait_for(url: str) -> None:
    deadline = time.monotonic() + 60
    while True:
        try:
            urllib.request.urlopen(f"{url}/moto-api/", timeout=5).close()
            return
        except (urllib.error.URLError, ConnectionError):
            assert time.monotonic() < deadline, "moto does not start"
            time.sleep(0.1)


@pytest.fixture
def stored(s3: str, settings: Settings, tmp_path: Path) -> Settings:
    """Settings that lead to an empty bucket."""
    name = f"bucket-{time.monotonic_ns()}"
    made = urllib.request.Request(f"{s3}/{name}", method="PUT")
    urllib.request.urlopen(made, timeout=10).close()
    values = {
        "AWS_ENDPOINT_URL": s3, "AWS_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret",
    }  # fmt: skip
    return replace(
        settings, storage_url=f"s3://{name}/our/files", directory=tmp_path,
        values={**settings.values, **values},
    )  # fmt: skip


@pytest.mark.parametrize("sentence", SENTENCES, ids=lambda it: it.__name__)
async def test_s3(sentence: Sentence, stored: Settings) -> None:
    await sentence(S3Storage.configured(stored))


@pytest.fixture
def cloud(api: Api, stored: Settings, io_loop: IOLoop, now: Now) -> Iterator[Api]:
    """A server whose files are there, with the cast."""
    for made in serve(stored, io_loop, now):
        made.cast = api.cast
        (stored.directory / "temp").mkdir(exist_ok=True)
        yield made


async def test_an_upload_becomes_a_file_of_a_ticket(cloud: Api) -> None:
    content = PNG + bytes(6 * 2**20)  # in two parts
    url = await uploaded(cloud, content, "a.png")
    assert list(await listed(_storage(cloud), "temp")) == [f"temp/{url.rpartition('/')[2]}"]
    assert list((cloud.app.settings.directory / "temp").iterdir()) == []
    body = {"title": "Broken", "attachments": [url]}
    made = (await cloud.post("/api/tickets", body, as_="employee")).data
    shown = urlsplit(made["attachments"][0])
    opened = await cloud.get(f"{shown.path}?{shown.query}")
    assert (opened.status, opened.body) == (200, content)
    ranged = await cloud.get(f"{shown.path}?{shown.query}", headers={"Range": "bytes=1-3"})
    assert (ranged.status, ranged.body) == (206, b"PNG")
    assert (await cloud.get(shown.path, as_="employee")).body == content
    assert await listed(_storage(cloud), "temp") == {}


async def test_it_is_fetched_once(cloud: Api) -> None:
    import asyncio

    for _ in range(5):
        path = path_of(cloud, await uploaded(cloud, b"a file"))
        answers = await asyncio.gather(*(cloud.get(path) for _ in range(20)))
        assert sorted(answer.status for answer in answers) == [200] + [404] * 19
        for _ in range(300):
            if not await listed(_storage(cloud), "temp"):
                break
            await asyncio.sleep(0.05)
        assert await listed(_storage(cloud), "temp") == {}


async def test_what_is_old_is_swept(cloud: Api, now: Now) -> None:
    await uploaded(cloud)
    now.shift(hours=25)
    assert await cloud.app.jobs.run("temp-files") == {"uploads": 1, "files": 1}
    assert await listed(_storage(cloud), "temp") == {}


async def test_a_store_that_is_away_is_said(stored: Settings) -> None:
    away = {**stored.values, "AWS_ENDPOINT_URL": "http://127.0.0.1:1"}
    storage = S3Storage.configured(replace(stored, values=away))
    began = time.monotonic()
    for act in (storage.write("static/a", b"x"), storage.open("static/a"), storage.remove("a")):
        with pytest.raises(Unavailable):
            await act
    assert time.monotonic() - began < 20


def _storage(api: Api) -> Storage:
    return api.app.application.storage
