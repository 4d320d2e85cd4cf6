"""Bad bodies of every kind for every field of every route: how long each holds the loop beyond
being decoded. Counted, without a clock: tests/kernel/test_cost.py."""

import time
from collections.abc import Iterator
from dataclasses import dataclass

from benchmarks.compare import Tell
from sunshine.core.errors import Invalid
from tests.bounds import Bad, bad_bodies, bodies_at_limit, guard_of, read, refused

MOST_MS = 50.0
WORST = 10
SURELY_CHEAP = 5.0  # ms: once is enough
TIMES = 5  # the least of so many counts: what else the machine does only adds to it
# Bytes of a body: of every field's, and of those that are wrong as a whole. One of each kind for
# each route is as large as it may be.
SIZES = (4 * 1024, 256 * 1024)


@dataclass(frozen=True)
class Refused:
    """A body and what it cost: milliseconds of decoding, and of refusing what was decoded."""

    route: str
    field: str
    kind: str
    size: int
    decoding: float
    beyond: float


@dataclass(frozen=True)
class Bounds:
    """How many bodies were sent, whether those are all, and the worst of them by what they cost."""

    sent: int
    all: bool
    worst: list[Refused]


def bounds(seconds: float, tell: Tell) -> Bounds:
    """All bodies, or as many as there is time for, whole ones first."""
    tell(f"bad bodies for at most {seconds:.0f} s")
    ends = time.monotonic() + seconds
    worst: list[Refused] = []
    sent = 0
    for bad in _bodies():
        if time.monotonic() > ends:
            return Bounds(sent, False, worst)
        worst = sorted([*worst, _cost(bad)], key=lambda cost: -cost.beyond)[:WORST]
        sent += 1
    return Bounds(sent, True, worst)


def _bodies() -> Iterator[Bad]:
    yield from bad_bodies(SIZES[1], wholes=True)
    yield from bad_bodies(SIZES[0])
    yield from bodies_at_limit()


def _cost(bad: Bad) -> Refused:
    guard_of(bad)
    decoding = beyond = float("inf")
    for _ in range(TIMES):
        if beyond < SURELY_CHEAP / 1000:
            break
        began = time.thread_time()
        value = read(bad.body)
        decoded = time.thread_time()
        if not isinstance(value, Invalid):
            refused(bad, value)
        decoding = min(decoding, decoded - began)
        beyond = min(beyond, time.thread_time() - decoded)
    return Refused(*bad[:3], len(bad.body), decoding * 1000, beyond * 1000)
