"""A server that speaks MongoDB's protocol, in a process of its own, to stop, freeze and start.

SecantusDB, which pip installs. Where it has no wheel, TEST_MONGO may be the address of a MongoDB
with a database to empty; what a test has to stop or freeze cannot be tested there.
"""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

from tornado.testing import bind_unused_port

PROGRAM = Path(sys.executable).with_name("secantusd-py")


class Mongo:
    """One server, whose data are in `folder`."""

    def __init__(self, folder: Path) -> None:
        assert PROGRAM.exists(), f"{PROGRAM} is missing: pip install secantusdb, or see {__file__}"
        listening, self.port = bind_unused_port()
        listening.close()
        self.address = f"mongodb://127.0.0.1:{self.port}/mitra_test"
        self._folder = folder
        self.start()

    def start(self) -> None:
        """Start it, and wait until it listens."""
        with (self._folder / "said").open("ab") as said:
            self.popen = subprocess.Popen(
                [PROGRAM, "--host", "127.0.0.1", "--port", str(self.port),
                 "--storage-path", self._folder / "data"],
                cwd=self._folder, stdout=said, stderr=said, start_new_session=True,
            )  # fmt: skip
        deadline = time.monotonic() + 60
        while not self._listens():
            assert self.popen.poll() is None, (self._folder / "said").read_text()
            assert time.monotonic() < deadline, (self._folder / "said").read_text()
            time.sleep(0.05)

    def _listens(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def freeze(self) -> None:
        """Its connections stay open, and nothing comes."""
        os.kill(self.popen.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        """Go on."""
        os.kill(self.popen.pid, signal.SIGCONT)

    def stop(self) -> None:
        """End it, and keep its data."""
        self.popen.terminate()
        self.popen.wait(30)

    def kill(self) -> None:
        """End it, frozen or not, at once."""
        self.popen.kill()
        self.popen.wait()
