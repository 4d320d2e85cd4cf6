"""Metrics of one process for Prometheus: counted in dictionaries, formatted on request.

The client library's own counters cost more per request than everything counted here. Its built-in
metrics (memory, descriptors and CPU time of the process; garbage collector) are included. Several
processes are scraped each at its own port: docs/deployment.md.
"""

import asyncio
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import accumulate
from typing import Final

from prometheus_client import CollectorRegistry, GCCollector, ProcessCollector, generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.registry import Collector

from sunshine import __version__
from sunshine.backups.watch import BackupWatch, Standing
from sunshine.core.disk_space import Room
from sunshine.database.database import Databases
from sunshine.database.event_log import Feed
from sunshine.identity.passwords import Passwords
from sunshine.jobs.runner import Runner
from sunshine.live.presence import Presence

MEDIA_TYPE: Final = CONTENT_TYPE_PLAIN_0_0_4
# Upper bounds in seconds.
ANSWER_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
STALL_BUCKETS = (0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0)
# Anybody can make up methods; the number of labels must not grow with them.
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class _Times:
    """A histogram of durations."""

    __slots__ = ("counts", "seconds")

    def __init__(self, bounds: Sequence[float]) -> None:
        self.counts = [0] * (len(bounds) + 1)
        self.seconds = 0.0

    def buckets(self, bounds: Sequence[float]) -> list[tuple[str, float]]:
        """Return the cumulative buckets: each counts the durations below its bound."""
        names = [*map(str, bounds), "+Inf"]
        return list(zip(names, map(float, accumulate(self.counts)), strict=True))


class Metrics(Collector):
    """Counts what happens, and reads the state of other parts on request."""

    def __init__(
        self,
        databases: Databases,
        presence: Presence,
        feeds: Mapping[str, Feed],
        passwords: Passwords,
        jobs: Runner,
        room: Room,
        backups: BackupWatch,
    ) -> None:
        self._databases = databases
        self._presence = presence
        self._feeds = feeds
        self._passwords = passwords
        self._jobs = jobs
        self._room = room
        self._backups = backups
        self._free: int | None = None
        self._lacking: set[str] = set()
        self._answers: Counter[tuple[str, str, int]] = Counter()
        self._times: dict[tuple[str, str], _Times] = {}
        self._stalls = _Times(STALL_BUCKETS)
        self._registry = CollectorRegistry()
        for library in (ProcessCollector, GCCollector):
            library(registry=self._registry)
        self._registry.register(self)

    def answered(self, route: str | None, method: str | None, status: int, seconds: float) -> None:
        """Count a response; `route` is the path's pattern, None for an unknown path."""
        route, method = route or "(none)", method if method in METHODS else "(other)"
        self._answers[route, method, status // 100] += 1
        times = self._times.get((route, method))
        if times is None:
            times = self._times[route, method] = _Times(ANSWER_BUCKETS)
        times.counts[bisect_left(ANSWER_BUCKETS, seconds)] += 1
        times.seconds += seconds

    def stalled(self, seconds: float) -> None:
        """Count a delay of the event loop in seconds."""
        self._stalls.counts[bisect_left(STALL_BUCKETS, seconds)] += 1
        self._stalls.seconds += seconds

    async def look(self) -> None:
        """Read free disk space and backups, for the next `render`."""
        await asyncio.gather(self._look_at_room(), self._backups.look())

    async def _look_at_room(self) -> None:
        self._free, self._lacking = await self._room.free(), await self._room.lacking()

    def render(self) -> bytes:
        """Return all metrics in Prometheus' text format."""
        return generate_latest(self._registry)

    def collect(self) -> Iterator[Metric]:
        """Yield all metrics (the library's hook)."""
        yield _gauge("sunshine_info", "The version that runs", "version", {__version__: 1})
        yield from self._requests()
        yield from self._pools()
        yield from self._events()
        yield from self._runs()
        yield from self._disk()
        if self._backups.standing:
            yield from _backups(self._backups.standing)
        yield _gauge(
            "sunshine_sockets", "WebSockets by channel", "channel", self._presence.by_channel()
        )
        yield GaugeMetricFamily(
            "sunshine_password_queue",
            "Passwords being hashed or waiting for it",
            self._passwords.waiting,
        )

    def _requests(self) -> Iterator[Metric]:
        answers = CounterMetricFamily(
            "sunshine_requests", "Responses sent", labels=["route", "method", "status"]
        )
        for (route, method, status), number in self._answers.items():
            answers.add_metric([route, method, f"{status}xx"], number)
        yield answers
        seconds = HistogramMetricFamily(
            "sunshine_request_seconds", "Time to the response", labels=["route", "method"]
        )
        for labels, times in self._times.items():
            seconds.add_metric(labels, times.buckets(ANSWER_BUCKETS), times.seconds)
        yield seconds
        yield HistogramMetricFamily(
            "sunshine_loop_stall_seconds",
            "Delay of the event loop, measured ten times a second",
            self._stalls.buckets(STALL_BUCKETS),
            self._stalls.seconds,
        )

    def _pools(self) -> Iterator[Metric]:
        size = GaugeMetricFamily(
            "sunshine_pool_connections", "Open database connections", labels=["database", "state"]
        )
        most, waiting = {}, {}
        for name, database in self._databases.items():
            pool = database.pool
            idle = pool["pool_available"]
            size.add_metric([name, "idle"], idle)
            size.add_metric([name, "used"], pool["pool_size"] - idle)
            most[name], waiting[name] = pool["pool_max"], pool["requests_waiting"]
        yield size
        yield _gauge("sunshine_pool_max", "Maximum number of connections", "database", most)
        yield _gauge("sunshine_pool_waiting", "Requests without a connection", "database", waiting)

    def _events(self) -> Iterator[Metric]:
        connected = {name: int(feed.connected) for name, feed in self._feeds.items()}
        behind = {name: feed.behind for name, feed in self._feeds.items()}
        yield _gauge(
            "sunshine_feed_connected",
            "Whether events are received",
            "database",
            connected,
        )
        yield _gauge(
            "sunshine_events_lag_seconds",
            "Seconds of undelivered events",
            "database",
            behind,
        )

    def _disk(self) -> Iterator[Metric]:
        if self._free is not None:
            yield GaugeMetricFamily(
                "sunshine_disk_free_bytes", "Free bytes on the disk of DIR", self._free
            )
        yield _gauge(
            "sunshine_storage_full", "Whether writes fail for lack of space", "where",
            {name: int(name in self._lacking) for name in ("storage", *self._databases)},
        )  # fmt: skip

    def _runs(self) -> Iterator[Metric]:
        seen = self._jobs.seen
        runs = CounterMetricFamily(
            "sunshine_job_runs", "Runs by this process", labels=["job", "outcome"]
        )
        for labels, number in self._jobs.outcomes.items():
            runs.add_metric(labels, number)
        yield runs
        started = {job: run["startedAt"].timestamp() for job, run in seen.items()}
        failed = {job: int(run["status"] == "failed") for job, run in seen.items()}
        yield _gauge(
            "sunshine_job_last_run_timestamp_seconds",
            "When the last run of any process began",
            "job",
            started,
        )
        yield _gauge(
            "sunshine_job_last_run_failed", "Whether it failed, and will be tried again", "job",
            failed,
        )  # fmt: skip


def _backups(found: Standing) -> Iterator[Metric]:
    """Yield the metrics of the backups; 0 stands for never, so a backup never made counts as
    old."""
    newest, failure, proof = found.newest, found.failure, found.proof
    at = {
        "sunshine_backup_last_success_timestamp_seconds": (
            "When the newest good backup was begun", newest and newest.created),
        "sunshine_backup_last_failure_timestamp_seconds": (
            "When making one failed last", failure and failure.at),
        "sunshine_backup_last_verified_timestamp_seconds": (
            "When one was last verified successfully", proof and proof.good and proof.at),
    }  # fmt: skip
    for name, (about, instant) in at.items():
        yield GaugeMetricFamily(name, about, instant.timestamp() if instant else 0)
    about = "Whether the last verification failed"
    yield GaugeMetricFamily(
        "sunshine_backup_last_verify_failed", about, int(bool(proof and not proof.good))
    )
    yield GaugeMetricFamily(
        "sunshine_backup_size_bytes",
        "Size of the newest good backup",
        newest.bytes if newest else 0,
    )
    yield GaugeMetricFamily("sunshine_backups", "Number of backups", found.kept)
    about = "Whether BACKUP_DIR can be read"
    yield GaugeMetricFamily("sunshine_backup_readable", about, int(found.trouble is None))


def _gauge(name: str, about: str, label: str, values: Mapping[str, float]) -> Metric:
    gauge = GaugeMetricFamily(name, about, labels=[label])
    for each, value in values.items():
        gauge.add_metric([each], value)
    return gauge
