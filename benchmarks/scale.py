"""Whether a page costs more the larger the table: the same page over 10,000 and a million rows."""

from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.cluster import Cluster
from benchmarks.compare import Spread, Tell
from benchmarks.load import measure
from benchmarks.scenarios import SCENARIOS
from benchmarks.servers import serving
from benchmarks.sizes import Sizes

DATABASE = "large_db"
AT_MOST = 2.0


@dataclass(frozen=True)
class Cost:
    """One page, in microseconds: CPU of server and of database, and the wait of a lone client."""

    server: float
    database: float
    latency: float

    @property
    def cpu(self) -> float:
        """All of it."""
        return self.server + self.database


# costs[server][rows][round]
Costs = dict[str, dict[int, list[Cost]]]
MEASURES = ("server", "database", "cpu", "latency")


def scale(
    cluster: Cluster,
    small: int,
    servers: Sequence[str],
    *,
    rounds: int,
    seconds: int,
    sizes: Sizes,
    tell: Tell,
) -> Costs:
    """Measure each server over both tables in turn."""
    tell(f"filling a table of {sizes.large:,} rows")
    cluster.make(sizes.large, DATABASE)
    tables = {small: "sunshine_db", sizes.large: DATABASE}
    costs: Costs = {name: {rows: [] for rows in tables} for name in servers}
    for number in range(rounds):
        for name in servers:
            for rows, database in tables.items():
                cost = _page(cluster, name, database, seconds, warm=not sizes.warm_up)
                costs[name][rows].append(cost)
                tell(f"round {number + 1}/{rounds}  {name}, {rows:,} rows: {cost.cpu:.0f} µs")
    return costs


def spread(costs: Sequence[Cost], measure_: str) -> Spread:
    """One of MEASURES over the rounds."""
    return Spread.of([getattr(cost, measure_) for cost in costs])


def growth(by_rows: dict[int, list[Cost]], measure_: str) -> Spread:
    """The large table's cost over the small one's, per round."""
    small, large = by_rows.values()
    pairs = zip(large, small, strict=True)
    return Spread.of([getattr(a, measure_) / getattr(b, measure_) for a, b in pairs])


def _page(cluster: Cluster, name: str, database: str, seconds: int, *, warm: bool) -> Cost:
    page, postmaster = SCENARIOS["list"], cluster.postmaster()
    with serving(name, cluster, database) as server:
        loaded = measure(server, page, seconds, postmaster, warm=warm)
        alone = measure(server, page, seconds, postmaster, warm=True, connections=1)
    return Cost(loaded.cpu, loaded.database_cpu, alone.latency)
