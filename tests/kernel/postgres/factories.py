"""What the tests of the embedded server do and ask."""

import os
import subprocess
import time

import psycopg

ROOT = os.geteuid() == 0
FAST = {"fsync": "off", "max_wal_size": "64MB", "shared_buffers": "16MB"}


def ask(server, query, user="sunshine"):
    with psycopg.connect(host=server.host, port=server.port, user=user, dbname="postgres") as db:
        row = db.execute(query).fetchone()
    assert row is not None
    return row[0]


def tell(server, statement):
    with psycopg.connect(host=server.host, user="postgres", dbname="postgres") as db:
        db.execute(statement)


def postmaster(server):
    return int((server.directory / "data/postmaster.pid").read_text().split()[0])


def alive(pid):
    """Whether a process runs; one that ended and waits for its parent does not."""
    state = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True)
    return state.stdout.strip()[:1] not in ("", "Z")


def ends(pid):
    deadline = time.monotonic() + 5
    while alive(pid) and time.monotonic() < deadline:
        time.sleep(0.02)
    return not alive(pid)
