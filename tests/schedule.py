"""Which tests run when, and where: two tiers, and shards.

`machine` marks what starts processes of its own: PostgreSQLs, servers, commands, backups. Every
test has it that asks for one of STARTING, and those of the modules below, which start what they
need by themselves. `-m "not machine"` leaves them out, where one wants an answer soon; whole runs
begin with them, so that the long ones are not what everybody waits for at the end.

`--shard 2/4` runs the second of four parts that take about as long as each other: whole modules,
the heaviest first, each to the shard that has least. CI gives each machine one.
"""

import asyncio
import re
from collections import defaultdict

import pytest

STARTING = {
    "process", "in_terminal", "other_process", "cluster", "checkout", "installed", "company",
    "mongo", "server", "home",
}  # fmt: skip
MODULES = re.compile(r"tests/(kernel/(test_migrations|test_releases)|live/test_documented|system/)")
# About how long one takes, in tests that make a request or two.
MACHINE, PLAIN, REQUESTS = 15.0, 0.2, 1.0


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--shard", type=_shard, metavar="K/N", help="only the K-th of N parts of the suite"
    )


def _shard(text: str) -> tuple[int, int]:
    found = re.fullmatch(r"([1-9]\d*)/([1-9]\d*)", text)
    if not found or int(found[1]) > int(found[2]):
        raise ValueError(f"{text} is no shard such as 2/4")
    return int(found[1]), int(found[2])


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "machine: starts processes of its own (tests/schedule.py)")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if STARTING & set(getattr(item, "fixturenames", ())) or MODULES.match(item.nodeid):
            item.add_marker("machine")


@pytest.hookimpl(trylast=True, specname="pytest_collection_modifyitems")
def pytest_collection_share(config: pytest.Config, items: list[pytest.Item]) -> None:
    """What is left of them, and the long ones first; else they stay in their order."""
    if shard := config.getoption("--shard"):
        chosen = parts(items, shard[1])[shard[0] - 1]
        config.hook.pytest_deselected(items=[item for item in items if module(item) not in chosen])
        items[:] = [item for item in items if module(item) in chosen]
    items.sort(key=lambda item: item.get_closest_marker("machine") is None)


def module(item: pytest.Item) -> str:
    return item.nodeid.partition("::")[0]


def parts(items: list[pytest.Item], number: int) -> list[set[str]]:
    """The modules of each shard."""
    weights: dict[str, float] = defaultdict(float)
    for item in items:
        weights[module(item)] += weight(item)
    shards: list[set[str]] = [set() for _ in range(number)]
    loads = [0.0] * number
    for name in sorted(weights, key=lambda name: (-weights[name], name)):
        least = loads.index(min(loads))
        shards[least].add(name)
        loads[least] += weights[name]
    return shards


def weight(item: pytest.Item) -> float:
    if item.get_closest_marker("machine"):
        return MACHINE
    return REQUESTS if asyncio.iscoroutinefunction(getattr(item, "obj", None)) else PLAIN
