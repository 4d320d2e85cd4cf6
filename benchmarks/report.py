"""Prints what was measured: tables on a terminal, TSV in a pipe, Markdown or JSON when asked."""

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from benchmarks.bounds import MOST_MS as MOST_BEYOND
from benchmarks.bounds import Bounds
from benchmarks.compare import Samples, Spread, points, ratios, times_one_by_one
from benchmarks.holding import MOST_KIB, MOST_SECONDS, Heard, Held
from benchmarks.load import Sample
from benchmarks.months import AT_MOST as SECONDS
from benchmarks.months import GROWTH
from benchmarks.scale import AT_MOST, MEASURES, Costs, growth, spread
from benchmarks.sleeping import MOST_MB, MOST_SLOWER, Slept
from benchmarks.soaking import MOST_CONNECTIONS, MOST_DESCRIPTORS, MOST_GROWTH, Soaked, met
from benchmarks.tracks import MOST_MB as MOST_GROWN
from benchmarks.tracks import MOST_MS, Measured


@dataclass(frozen=True)
class Table:
    """Texts, row by row, under a title."""

    title: str
    head: Sequence[str]
    rows: Sequence[Sequence[str]]


def comparison(samples: Samples) -> list[Table]:
    """What each request cost, and how that compares."""
    head = ("endpoint", "server", "CPU µs/request", "requests/CPU-s", "requests/s", "database µs")
    costs = [
        (scenario, server, *_spreads(found))
        for scenario, by_server in samples.items()
        for server, found in by_server.items()
    ]
    compared = [
        (r.scenario, f"{r.over} / {r.under}", f"{r.spread:.2f}", r.target, r.verdict)
        for r in ratios(samples)
    ]
    tables = [
        Table("Cost: median (lowest to highest) of the rounds", head, costs),
        Table(
            "Ratios of CPU time, round by round",
            ("endpoint", "CPU of", "ratio", "target", ""),
            compared,
        ),
    ]
    return tables + ([_points(samples)] if points(samples) else [])


def _points(samples: Samples) -> Table:
    """How many points of drivers' ways a second of CPU time takes."""
    head = ("endpoint", "server", "points/CPU-s", "over express, one by one", "target", "")
    rows = []
    for (name, server), spread_ in points(samples).items():
        times = times_one_by_one(samples, name, server)
        shown = (f"{times.spread:.1f}", times.target, times.verdict) if times else ("", "", "")
        rows.append((name, server, f"{spread_:.0f}", *shown))
    return Table("Points of drivers' ways", head, rows)


def _spreads(samples: Sequence[Sample]) -> list[str]:
    columns = (
        [s.cpu for s in samples],
        [1e6 / s.cpu for s in samples],
        [s.requests / s.seconds for s in samples],
        [s.database_cpu for s in samples],
    )
    return [f"{Spread.of(column):.0f}" for column in columns]


def scaling(costs: Costs) -> list[Table]:
    """What the page cost over each table, and by how much that grew."""
    head = ("server", "rows", "server CPU µs", "database CPU µs", "both", "lone client waits µs")
    rows = []
    for name, by_rows in costs.items():
        for number, found in by_rows.items():
            rows.append((name, f"{number:,}", *(f"{spread(found, m):.0f}" for m in MEASURES)))
        rows.append((name, "ratio", *(f"{growth(by_rows, m):.2f}" for m in MEASURES)))
        met = growth(by_rows, "cpu").median <= AT_MOST
        rows.append((name, "target", "", "", f"≤ {AT_MOST}: {'met' if met else 'missed'}", ""))
    return [Table("The same page of two tables: median (lowest to highest)", head, rows)]


def months(costs: Costs) -> list[Table]:
    """What the monthly report cost of each table, and by how much that grew."""
    by_months = costs["sunshine"]
    head = ("months in the table", "server CPU µs", "database CPU µs", "both", "client waits µs")
    rows = [
        (str(number), *(f"{spread(found, m):.0f}" for m in MEASURES))
        for number, found in by_months.items()
    ]
    rows.append(("ratio", *(f"{growth(by_months, m):.2f}" for m in MEASURES)))
    waits = max(spread(found, "latency").median for found in by_months.values()) / 1e6
    grown = growth(by_months, "cpu").median
    met = ["met" if good else "missed" for good in (grown <= GROWTH, waits < SECONDS)]
    targets = (f"≤ {GROWTH}: {met[0]}", f"< {SECONDS:.0f} s: {met[1]}")
    rows.append(("target", "", "", *targets))
    return [Table("The report of one month: median (lowest to highest)", head, rows)]


def tracks(measured: Measured) -> list[Table]:
    """What it costs to know where a driver is, and to send where they were."""
    last, (database, client) = measured.last, (measured.last.database, measured.last.client)
    head = ("points stored", "reads", "pages", "p50 ms", "p99 ms", "client p50 ms", "client p99 ms")
    rows = [
        (f"{measured.points:,}", ", ".join(last.reads), str(last.pages),
         *(f"{value:.2f}" for value in (*database, *client))),
        ("target", "", "", "", _met(database[1] <= MOST_MS, f"≤ {MOST_MS:.0f}"), "", ""),
    ]  # fmt: skip
    place = Table("Where a driver is, one after the other", head, rows)
    sent = ("track", "points", "MB", "seconds", "server grew by MB")
    streams = [
        (name, f"{s.points:,}", f"{s.size:.1f}", f"{s.seconds:.1f}", f"{s.grown:.1f}")
        for name, s in measured.streams.items()
    ]
    grown = max(stream.grown for stream in measured.streams.values())
    streams.append(("target", "", "", "", _met(grown <= MOST_GROWN, f"≤ {MOST_GROWN:.0f}")))
    return [place, Table("Tracks as GeoJSON", sent, streams)]


def bounds(found: Bounds) -> list[Table]:
    """The bodies that cost most."""
    head = ("route", "field", "wrong by", "bytes", "decoding ms", "beyond ms")
    rows = [
        (w.route, w.field, w.kind, f"{w.size:,}", f"{w.decoding:.1f}", f"{w.beyond:.1f}")
        for w in found.worst
    ]
    most = max((worst.beyond for worst in found.worst), default=0.0)
    rows.append(("target", "", "", "", "", _met(most <= MOST_BEYOND, f"≤ {MOST_BEYOND:.0f}")))
    which = "all" if found.all else "the first"
    return [Table(f"The worst of {which} {found.sent:,} bad bodies", head, rows)]


def sockets(held: dict[str, Held], slept: Slept | None) -> list[Table]:
    """What holding cost, and what a sleeper did."""
    head = ("server", "sockets", "events", "missed", "broken", "KiB/socket", "CPU ms/event",
            "p50 ms", "p99 ms", "longest ms", "opened in s")  # fmt: skip
    rows = [
        (name, f"{h.sockets:,}", f"{h.published:,}", str(h.missed), str(h.heard.lost),
         f"{h.kib:.1f}", f"{h.cpu:.0f}", *_milliseconds(h.heard), f"{h.opening:.1f}")
        for name, h in held.items()
    ]  # fmt: skip
    if ours := held.get("sunshine-live"):
        rows.append(("target", "", "", _met(ours.missed == 0, "0"), _met(ours.heard.lost == 0, "0"),
                     _met(ours.kib <= MOST_KIB, f"≤ {MOST_KIB:.0f}"), "", "",
                     _met(ours.heard.p99 <= MOST_SECONDS, f"≤ {MOST_SECONDS * 1000:.0f}"),
                     "", ""))  # fmt: skip
    tables = [Table("Sockets held, an event a second", head, rows)]
    return tables + ([_sleeper(slept)] if slept else [])


def _sleeper(slept: Slept) -> Table:
    head = ("", "server grew by MB", "closed with", "others' frames", "p50 ms", "p99 ms", "longest")
    grown, code = f"{slept.mb:.1f}", str(slept.code)
    rows = [
        (name, *ours, f"{heard.frames:,}", *_milliseconds(heard))
        for name, ours, heard in (
            ("nobody sleeps", ("", ""), slept.before),
            ("one sleeps", (grown, code), slept.beside),
            ("nobody sleeps again", ("", ""), slept.after),
        )
    ]
    small, told = _met(slept.mb <= MOST_MB, f"≤ {MOST_MB:.0f}"), _met(slept.code == 1013, "1013")
    slower = f"{slept.slower:.2f} times, {_met(slept.slower <= MOST_SLOWER, f'≤ {MOST_SLOWER}')}"
    rows.append(("target", small, told, "", slower, "", ""))
    return Table("A reader that sleeps while 110,000 events of 1 KiB come", head, rows)


def soaked(soaked: Soaked) -> list[Table]:
    """The server over the time of the load."""
    third = len(soaked.samples) // 3
    head = ("", "MB", "descriptors", "connections")
    moments = [
        ("before", soaked.before), ("a third", soaked.samples[third - 1]),
        ("two thirds", soaked.samples[2 * third - 1]), ("all", soaked.samples[-1]),
        ("afterwards", soaked.after),
    ]  # fmt: skip
    rows = [
        (name, f"{at.mb:.1f}", str(at.descriptors), str(at.connections)) for name, at in moments
    ]
    rows.append(("growth", f"{soaked.mb:+.1f}", f"{soaked.descriptors:+.0f}",
                 f"{soaked.connections} at most"))  # fmt: skip
    targets = (f"≤ {MOST_GROWTH}", f"≤ {MOST_DESCRIPTORS}", f"≤ {MOST_CONNECTIONS}")
    memory, descriptors, connections = map(_met, met(soaked), targets)
    rows.append(("target", memory, descriptors, connections))
    asked = sum(soaked.requests.values())
    title = f"{soaked.seconds:,} seconds, {asked:,} requests, each answered as it should be"
    return [Table(title, head, rows)]


def _milliseconds(heard: Heard) -> list[str]:
    return [f"{value * 1000:.0f}" for value in (heard.p50, heard.p99, heard.longest)]


def _met(met: bool, target: str) -> str:
    return f"{target}: {'met' if met else 'missed'}"


def show(
    machine: dict[str, str], tables: Sequence[Table], measured: Any, format_: str | None
) -> None:
    """Print as `json` or `markdown`; by default tables on a terminal, TSV in a pipe."""
    if format_ == "json":
        print(_json(machine, tables, measured))
    elif format_ == "markdown":
        print(_markdown(machine, tables))
    elif sys.stdout.isatty():
        _draw(machine, tables)
    else:
        for table in tables:
            print(*("\t".join(row) for row in (table.head, *table.rows)), sep="\n", end="\n\n")


def _json(machine: dict[str, str], tables: Sequence[Table], measured: Any) -> str:
    """Everything, single rounds included."""
    shown = [asdict(table) for table in tables]
    whole = {"machine": machine, "tables": shown, "measured": measured}
    return json.dumps(whole, ensure_ascii=False, indent=2, default=asdict)


def _markdown(machine: dict[str, str], tables: Sequence[Table]) -> str:
    """For benchmarks/README.md."""
    parts = ["\n".join(f"- {name}: {value}" for name, value in machine.items())]
    for table in tables:
        ruler = ["---"] * len(table.head)
        lines = [f"| {' | '.join(row)} |" for row in (table.head, ruler, *table.rows)]
        parts.append(f"{table.title}:\n\n" + "\n".join(lines))
    return "\n\n".join(parts)


def _draw(machine: dict[str, str], tables: Sequence[Table]) -> None:
    from rich.console import Console
    from rich.table import Table as Drawn

    console = Console()
    for name, value in machine.items():
        console.print(f"{name}: {value}", highlight=False)
    for table in tables:
        drawn = Drawn(title=table.title, title_justify="left")
        for index, name in enumerate(table.head):
            drawn.add_column(name, justify="left" if index < 2 else "right")
        for row in table.rows:
            drawn.add_row(*row)
        console.print(drawn)
