"""benchmarks/soaking.py in its short form: a minute of everything, and nothing grows."""

import json
import subprocess

from tests.processes import CHECKOUT

SECONDS = 60


def test_memory_descriptors_and_connections_stay_flat() -> None:
    """It exits 1 where they do not, and where an answer is not what it should be."""
    command = [str(CHECKOUT / ".venv/bin/python"), "benchmarks/run.py", "soak", "--json"]
    done = subprocess.run(
        [*command, "--seconds", str(SECONDS)],
        cwd=CHECKOUT, capture_output=True, text=True, timeout=SECONDS + 300,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    soaked = json.loads(done.stdout)["measured"]["soaked"]
    assert min(soaked["requests"].values()) > 0
    assert len(soaked["samples"]) == 60
