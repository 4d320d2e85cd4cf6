"""Every server under every scenario, in turn and several times over; the ratios between them."""

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from benchmarks.agreement import Agreement
from benchmarks.cluster import Cluster
from benchmarks.load import Sample, measure
from benchmarks.scenarios import SCENARIOS, Scenario
from benchmarks.servers import SERVERS, serving
from benchmarks.sizes import Sizes

# samples[scenario][server][round]
Samples = dict[str, dict[str, list[Sample]]]
Tell = Callable[[str], None]


@dataclass(frozen=True)
class Spread:
    """The median over rounds, and the extremes."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, values: Sequence[float]) -> "Spread":
        """Of one value per round."""
        return cls(statistics.median(values), min(values), max(values))

    def __format__(self, spec: str) -> str:
        if self.low == self.high:
            return f"{self.median:{spec}}"
        return f"{self.median:{spec}} ({self.low:{spec}} to {self.high:{spec}})"


@dataclass(frozen=True)
class Ratio:
    """The CPU time of one server over another's, round by round; no texts without a target."""

    scenario: str
    over: str
    under: str
    spread: Spread
    target: str = ""
    verdict: str = ""


def compare(
    cluster: Cluster,
    employees: int,
    servers: Sequence[str],
    scenarios: Sequence[str],
    *,
    rounds: int,
    seconds: int,
    sizes: Sizes,
    tell: Tell,
) -> Samples:
    """Measure each server in turn, `rounds` times over."""
    agreement = Agreement(cluster, employees)
    postmaster = cluster.postmaster()
    sweep = partial(cluster.sweep, employees)
    samples: Samples = {
        s: {name: [] for name in servers if SCENARIOS[s].is_for(name)} for s in scenarios
    }
    for number in range(rounds):
        for name in _turn(servers, number):
            with serving(name, cluster) as server:
                agreement.check(server)
                for scenario in (s for s in scenarios if SCENARIOS[s].is_for(name)):
                    sample = measure(
                        server, SCENARIOS[scenario], seconds, postmaster,
                        warm=not sizes.warm_up, sweep=sweep,
                    )  # fmt: skip
                    samples[scenario][name].append(sample)
                    tell(f"round {number + 1}/{rounds}  {name} {scenario}: {sample.cpu:.0f} µs")
                    sweep()
    return samples


def _turn(servers: Sequence[str], number: int) -> list[str]:
    """Each round starts with another server, so that none always follows the same one."""
    first = number % len(servers)
    return [*servers[first:], *servers[:first]]


def ratios(samples: Samples) -> list[Ratio]:
    """Ours against each peer, for each scenario."""
    return [
        _ratio(SCENARIOS[scenario], by_server, ours, peer)
        for scenario, by_server in samples.items()
        for ours in by_server
        if SERVERS[ours].ours
        for peer in by_server
        if not SERVERS[peer].ours
    ]


def points(samples: Samples) -> dict[tuple[str, str], Spread]:
    """Points of drivers' ways per CPU-second, by scenario and server."""
    return {
        (name, server): Spread.of([SCENARIOS[name].points * 1e6 / s.cpu for s in found])
        for name, by_server in samples.items()
        if SCENARIOS[name].points
        for server, found in by_server.items()
    }


def times_one_by_one(samples: Samples, name: str, server: str) -> Ratio | None:
    """The points of a CPU-second over those that Express takes one by one; None without it."""
    singly = samples.get("point", {}).get("express")
    if not singly:
        return None
    scenario, pairs = SCENARIOS[name], zip(samples[name][server], singly, strict=True)
    spread = Spread.of([scenario.points * b.cpu / a.cpu for a, b in pairs])
    target, verdict = "", ""
    if SERVERS[server].ours:
        met = spread.median >= scenario.times
        target, verdict = f"≥ {scenario.times:.0f}", "met" if met else "missed"
    return Ratio(name, server, "express, one by one", spread, target, verdict)


def _ratio(scenario: Scenario, by_server: dict[str, list[Sample]], ours: str, peer: str) -> Ratio:
    """A peer over ours, and ours over the floor: above one, as a rule."""
    over, under = (ours, peer) if peer == "floor" else (peer, ours)
    pairs = zip(by_server[over], by_server[under], strict=True)
    spread = Spread.of([a.cpu / b.cpu for a, b in pairs])
    target, met = "", True
    if peer in scenario.at_least:
        target, met = f"≥ {scenario.at_least[peer]}", spread.median >= scenario.at_least[peer]
    if peer in scenario.at_most:
        target, met = f"≤ {scenario.at_most[peer]}", spread.median <= scenario.at_most[peer]
    verdict = target and ("met" if met else "missed")
    return Ratio(scenario.name, over, under, spread, target, verdict)
