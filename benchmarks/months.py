"""A monthly report: of a month that is all there is, and of the same one among many.

What is reported: attendance_months.py, sales_months.py.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from benchmarks.cluster import Cluster
from benchmarks.compare import Tell
from benchmarks.load import measure
from benchmarks.scale import Cost, Costs
from benchmarks.scenarios import Scenario
from benchmarks.servers import serving
from benchmarks.sizes import Sizes

LAST = date(2024, 5, 31)
# What a lone client waits, in seconds; and the many's over the one's.
AT_MOST = 1.0
GROWTH = 1.5


@dataclass(frozen=True)
class Months:
    """A report of the month of LAST at `path`; `fill` makes a database of so many months of such a
    part of the company."""

    path: str
    many: int
    fill: Callable[[Cluster, str, int, float], None]


def first_of(number: int) -> date:
    """The first day of so many months that end with LAST."""
    before = LAST.year * 12 + LAST.month - number
    return date(before // 12, before % 12 + 1, 1)


def months(
    cluster: Cluster, report: Months, *, rounds: int, seconds: int, sizes: Sizes, tell: Tell
) -> Costs:
    """Measure the same month in both tables in turn."""
    numbers = (1, sizes.months or report.many)
    for number in numbers:
        tell(f"filling months: {number}")
        report.fill(cluster, _name(number), number, sizes.company)
    costs: Costs = {"sunshine": {number: [] for number in numbers}}
    for turn in range(rounds):
        for number, found in costs["sunshine"].items():
            cost = _report(cluster, _name(number), report.path, seconds, warm=not sizes.warm_up)
            found.append(cost)
            tell(f"round {turn + 1}/{rounds}  {number} months: {cost.latency / 1000:.0f} ms")
    return costs


def _report(cluster: Cluster, database: str, path: str, seconds: int, *, warm: bool) -> Cost:
    postmaster, month = cluster.postmaster(), Scenario("report", "GET", path)
    with serving("sunshine", cluster, database) as server:
        alone = measure(server, month, seconds, postmaster, warm=warm, connections=1)
    return Cost(alone.cpu, alone.database_cpu, alone.latency)


def _name(number: int) -> str:
    return f"months_{number}"
