"""Two million points: what it costs to know where a driver is, and to stream where they were."""

import random
import time
import urllib.request
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from statistics import quantiles
from typing import Any
from urllib.parse import urlencode

import psycopg

from benchmarks.cluster import DRIVERS, FLEET, Cluster
from benchmarks.compare import Tell
from benchmarks.processes import BenchmarkError, growth
from benchmarks.servers import TOKEN, Running, serving
from benchmarks.sizes import Sizes
from sunshine.modules.fleet.locations import LAST

BEGIN = datetime(2024, 1, 15, tzinfo=UTC)
# Seconds, and so points, of the tracks of driver 1; None is all of them.
TRACKS = {"an hour": 3600, "a day": 86_400, "all": None}
MOST_MS = 5.0
MOST_MB = 10.0
SLOW = 1 << 16  # bytes at once, of a reader who takes them every so often
EVERY = 0.05
POINT = b'"type":"Point"'

# Driver 1 sends a point a second; the other drivers share a second million.
FILL = """
INSERT INTO driver_location (driver_id, at, latitude, longitude, flagged, recorded_at)
SELECT CASE WHEN n <= %(points)s::integer THEN 1 ELSE 2 + n %% %(others)s::integer END,
    %(begin)s::timestamptz + interval '1 second' * CASE
        WHEN n <= %(points)s::integer THEN n ELSE n / %(others)s::integer END,
    -6.2 + n %% 1000 * 0.00001, 106.8 + n %% 1000 * 0.00001, false, now()
FROM generate_series(1, 2 * %(points)s::integer) AS n
"""
PLACE = """
INSERT INTO driver_position (driver_id, at, latitude, longitude, recorded_at)
SELECT DISTINCT ON (driver_id) driver_id, at, latitude, longitude, recorded_at
FROM driver_location ORDER BY driver_id, at DESC
"""


@dataclass(frozen=True)
class Last:
    """The last-known place: what reads it, pages of 8 kB touched, and milliseconds in the database
    and until a lone client of the server has it."""

    reads: Sequence[str]
    pages: int
    database: tuple[float, float]
    client: tuple[float, float]


@dataclass(frozen=True)
class Streamed:
    """A track that was read whole: points and MB of it, seconds it took, MB the server grew by."""

    points: int
    size: float
    seconds: float
    grown: float


@dataclass(frozen=True)
class Measured:
    """All of it."""

    points: int
    last: Last
    streams: dict[str, Streamed]


def tracks(cluster: Cluster, *, sizes: Sizes, tell: Tell) -> Measured:
    """Fill the table, then ask for places and tracks."""
    lengths = {name: min(length or sizes.points, sizes.points) for name, length in TRACKS.items()}
    tell(f"filling {2 * sizes.points:,} points of {DRIVERS:,} drivers")
    with cluster.connect(FLEET) as connection:
        connection.execute(FILL, {"points": sizes.points, "others": DRIVERS - 1, "begin": BEGIN})
        connection.execute(PLACE)
        connection.execute("VACUUM ANALYZE")
        tell(f"asking {sizes.asked:,} times where a driver is")
        reads, pages, database = _asked(connection, sizes.asked)
    with serving("sunshine", cluster) as server:
        last = Last(reads, pages, database, _answered(server, sizes.asked))
        streams = {}
        for name, seconds in lengths.items():
            tell(f"streaming {name}")
            streams[name] = _streamed(server, seconds, pause=0)
        tell("streaming a day to a slow reader")
        streams["a day, slowly"] = _streamed(server, lengths["a day"], pause=EVERY)
    return Measured(2 * sizes.points, last, streams)


def _asked(
    connection: psycopg.Connection, often: int
) -> tuple[list[str], int, tuple[float, float]]:
    """By the database's own clock: planning and running, for one driver after the other."""
    statement = LAST.text.decode()
    times, plan = [], {}
    dice = random.Random(1)
    connection.execute(statement, LAST.bind({"id": 1}))
    for _ in range(often):
        values = LAST.bind({"id": dice.randint(1, DRIVERS)})
        row = connection.execute(
            f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {statement}", values
        ).fetchone()
        assert row
        [plan] = row[0]
        times.append(plan["Planning Time"] + plan["Execution Time"])
    whole = plan["Plan"]
    return list(_scans(whole)), whole["Shared Hit Blocks"], _both(times)


def _scans(plan: dict[str, Any]) -> Iterator[str]:
    """What a plan reads, and by what."""
    if "Relation Name" in plan:
        yield f"{plan['Node Type']} {plan.get('Index Name', plan['Relation Name'])}"
    for part in plan.get("Plans", []):
        yield from _scans(part)


def _answered(server: Running, often: int) -> tuple[float, float]:
    """Milliseconds that a lone client waits."""
    times, dice = [], random.Random(2)
    for _ in range(often // 5):
        began = time.perf_counter()
        status, text = server.request(f"/api/fleet/drivers/{dice.randint(1, DRIVERS)}/location")
        times.append((time.perf_counter() - began) * 1000)
        if status != 200:
            raise BenchmarkError(f"the server answered {status}: {text[:200].decode()}")
    return _both(times)


def _both(times: Sequence[float]) -> tuple[float, float]:
    """The median and the 99th percentile."""
    parts = quantiles(times, n=100)
    return parts[49], parts[98]


def _streamed(server: Running, seconds: int, *, pause: float) -> Streamed:
    until = (BEGIN + timedelta(seconds=seconds)).isoformat().replace("+00:00", "Z")
    asked = urlencode({"format": "geojson", "to": until})
    url = f"{server.url}/api/fleet/drivers/1/locations?{asked}"
    request = urllib.request.Request(url, headers={"x-access-token": TOKEN})
    began, size, points, tail = time.monotonic(), 0, 0, b""
    with growth(server.group) as grown, urllib.request.urlopen(request, timeout=60) as answer:
        while part := answer.read(SLOW):
            time.sleep(pause)
            size += len(part)
            points += (tail + part).count(POINT)
            tail = (tail + part)[1 - len(POINT) :]
    if not tail.endswith(b"]}") or points != seconds:
        raise BenchmarkError(f"the track broke off after {size:,} bytes and {points:,} points")
    return Streamed(points, size / 1e6, time.monotonic() - began, grown[0] / 1e6)
