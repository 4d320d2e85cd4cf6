"""`cli.py` with the channel of the tests mounted: run as a program by tests/live."""

import sys
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parents[2])
# ruff: noqa: E402 - the checkout is found by the line above

import handlers
from cli import main
from tests.live.channel import mounted

if __name__ == "__main__":
    handlers.routes = mounted()
    main()
