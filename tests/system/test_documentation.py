"""Every shell line of README and tour is run, in their order, against a server of the README's.

A page's shell lines are in blocks marked `sh`. To have another page run, name it in `PAGES`.
"""

import os
import re
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.pages import BLOCK, ROOT, blocks, text
from tests.processes import heed_signals

PAGES = ("README.md", "docs/tour.md")
# Begun and ended by the test itself; and .ci/run, of which this is a part.
ELSEWHERE = {"bin/sunshine serve\n", "bin/sunshine test\n"}
PASSWORD_LINE = re.compile(r"^PASSWORD=.*$", re.M)


class Beginner:
    """Somebody who types what the pages say: a server of their own, and a folder."""

    def __init__(self, home: Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.environment = {
            **os.environ, "SUNSHINE_HOME": str(home), "SERVER_PORT": str(self.port),
            "SUNSHINE_VAR": str(home / "var"), "SERVER_ADDRESS": "127.0.0.1",
            "NO_COLOR": "1",
        }  # fmt: skip
        self.said = home / "said"
        with self.said.open("wb") as said:
            self.server = subprocess.Popen(
                ["bin/sunshine", "serve"], cwd=ROOT, env=self.environment, stdout=said,
                stderr=said, start_new_session=True, preexec_fn=heed_signals,
            )  # fmt: skip
        try:
            self.password = self._wait(r"^ +password +(\S+)$")
            self._wait(r"is ready on (\S+)")
        except BaseException:
            self.server.kill()
            raise

    def _wait(self, pattern: str) -> str:
        deadline = time.monotonic() + 240
        while not (found := re.search(pattern, self.said.read_text(), re.M)):
            assert self.server.poll() is None, self.said.read_text()
            assert time.monotonic() < deadline, self.said.read_text()
            time.sleep(0.1)
        return found[1]

    def type(self, script: str) -> str:
        """What a shell says to these lines; the first that fails ends it, in a pipe too."""
        lines = PASSWORD_LINE.sub(f"PASSWORD='{self.password}'", script)
        lines = lines.replace("localhost:3601", f"127.0.0.1:{self.port}")
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", lines], cwd=ROOT, env=self.environment,
            capture_output=True, text=True, timeout=300, check=False,
        )  # fmt: skip
        assert done.returncode == 0, (lines, done.stdout[-3000:], done.stderr[-3000:])
        return done.stdout

    def stop(self) -> None:
        """Ctrl-C."""
        self.server.send_signal(signal.SIGINT)
        self.server.wait(60)


@pytest.fixture(scope="module")
def beginner() -> Iterator[Beginner]:
    with tempfile.TemporaryDirectory(prefix="sunshine pages ") as folder:
        # As root PostgreSQL runs as another user, who must be able to get in.
        Path(folder).chmod(0o711)
        beginner = Beginner(Path(folder))
        try:
            yield beginner
        finally:
            beginner.stop()


@pytest.mark.parametrize("page", PAGES)
def test_every_shell_line_of_a_page_works(beginner: Beginner, page: str) -> None:
    script = "".join(block for _, block in blocks(page) if block not in ELSEWHERE)
    said = beginner.type(script)
    assert '"success":true' in said
    assert "internal_error" not in said
    (ROOT / "openapi.json").unlink(missing_ok=True)


def test_the_tour_says_what_it_shows(beginner: Beginner) -> None:
    assert all(block.strip() for page in PAGES for _, block in blocks(page))
    # Nothing that looks like a shell line hides outside the blocks that are run.
    for page in PAGES:
        rest = BLOCK.sub("", text(page))
        hidden = re.findall(r"^(?:    )?(?:curl|bin/sunshine|sunshine) .*$", rest, re.M)
        assert hidden == [], page
