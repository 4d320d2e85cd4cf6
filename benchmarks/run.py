"""Measures this server beside others: `run.py`, or `run.py` and one of its other words."""

import sys
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

sys.path[0] = str(Path(__file__).resolve().parent.parent)

try:
    import click

    from benchmarks import (
        bounds,
        cluster,
        compare,
        holding,
        machine,
        months,
        needs,
        processes,
        report,
        scale,
        sizes,
        sleeping,
        soaking,
        tracks,
    )  # fmt: skip
    from benchmarks.attendance_months import ATTENDANCE_MONTHS
    from benchmarks.sales_months import SALES_MONTHS
    from benchmarks.scenarios import SCENARIOS
    from benchmarks.servers import LIVE, SERVERS
except ModuleNotFoundError as lack:
    sys.exit(f"{lack.name} is missing: run this with the project's Python, .venv/bin/python")

REPORTS = {"report": ATTENDANCE_MONTHS, "sales": SALES_MONTHS}


def _some_of(known: Collection[str]) -> Callable[..., list[str] | None]:
    """Click's callback for a comma list of known names."""

    def split(_: click.Context, __: click.Parameter, value: str | None) -> list[str] | None:
        names = value.split(",") if value else None
        if strangers := [name for name in names or () if name not in known]:
            raise click.BadParameter(f"{strangers[0]!r} is none of {', '.join(known)}")
        return names

    return split


@click.command()
@click.argument(
    "what",
    type=click.Choice(["compare", "scale", *REPORTS, "tracks", "sockets", "soak", "bounds"]),
    default="compare",
)
@click.option("--rounds", type=click.IntRange(1), default=5, show_default=True)
@click.option(
    "--seconds",
    type=click.IntRange(1),
    help="Per run: 4; of sockets 30, of soak 3600, of bounds 600.",
)
@click.option("--employees", type=click.IntRange(5000), default=10_000, show_default=True)
@click.option("--sockets", type=click.IntRange(1), default=2000, show_default=True)
@click.option("--only", callback=_some_of(SCENARIOS), help=f"Of {','.join(SCENARIOS)}.")
@click.option("--servers", callback=_some_of(SERVERS | LIVE), help=f"Of {','.join(SERVERS)}.")
@click.option("--json", "format_", flag_value="json", help="Everything, round by round.")
@click.option("--markdown", "format_", flag_value="markdown", help="For benchmarks/README.md.")
@click.option("--short", is_flag=True, help="For a moment, to see that it runs: no figures.")
@click.option("--install", is_flag=True, help="Fetch the peers' packages, and do nothing else.")
def main(what: str, install: bool, short: bool, servers: list[str] | None, **options: Any) -> None:
    """CPU time per request of this server and its peers.

    `scale` asks for a page of a million rows, `report` for a month of attendance among sixty,
    `sales` for one of a million items, `tracks` for places among two million; `sockets` holds 2,000
    WebSockets and puts up with a reader that sleeps; `soak` asks for everything for an hour;
    `bounds` sends bad bodies of every kind to every field, in this process.
    """
    processes.unwind_on_signals()
    try:
        if install:
            needs.install()
            return
        options["size"] = sizes.SHORT if short else sizes.RECORDED
        if short:
            seconds = options["seconds"] or sizes.SHORT_SECONDS.get(what, 1)
            options |= {
                "rounds": 1, "employees": 5000, "seconds": seconds, "sockets": sizes.SHORT_SOCKETS,
            }  # fmt: skip
        if what == "bounds":
            _bound(**options)
            return
        usual = {"compare": needs.default_servers(), "sockets": [*LIVE], "soak": ["sunshine-live"]}
        chosen = servers or usual.get(what, ["sunshine"])
        if lacks := needs.lacks(chosen):
            raise processes.BenchmarkError("\n".join(lacks))
        if what == "sockets":
            _hold(chosen, **options)
        elif what == "soak":
            sys.exit(_soak(**options, judged=not short))
        else:
            _measure(what, chosen, **options)
    except processes.BenchmarkError as error:
        click.echo(str(error), err=True)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)


def _measure(
    what: str,
    servers: list[str],
    *,
    employees: int,
    only: list[str] | None,
    format_: str | None,
    seconds: int | None,
    rounds: int,
    sockets: int,
    size: sizes.Sizes,
) -> None:
    often: dict[str, Any] = {"rounds": rounds, "seconds": seconds or 4, "sizes": size}
    with cluster.started() as found:
        _tell(f"filling a table of {employees:,} rows")
        found.make(employees)
        measured: compare.Samples | scale.Costs | tracks.Measured
        if what in REPORTS:
            measured = months.months(found, REPORTS[what], tell=_tell, **often)
            tables = report.months(measured)
        elif what == "tracks":
            found.put_to_work()
            measured = tracks.tracks(found, sizes=size, tell=_tell)
            tables = report.tracks(measured)
        elif what == "scale":
            measured = scale.scale(found, employees, servers, tell=_tell, **often)
            tables = report.scaling(measured)
        else:
            scenarios = only or list(SCENARIOS)
            found.put_to_work()
            found.publish()
            measured = compare.compare(found, employees, servers, scenarios, tell=_tell, **often)
            tables = report.comparison(measured)
        about = machine.describe(found)
    report.show(about, tables, measured, format_)


def _hold(
    servers: list[str], *, sockets: int, seconds: int | None, format_: str | None,
    size: sizes.Sizes, **_: Any,
) -> None:  # fmt: skip
    with cluster.started() as found:
        found.make(5000)
        holding.invite(found, sockets)
        slept = None
        if "sunshine-live" in servers:
            slept = sleeping.sleep(found, events=size.events, tell=_tell)
        held = holding.hold(found, servers, sockets=sockets, seconds=seconds or 30, tell=_tell)
        about = machine.describe_sockets(found)
    report.show(about, report.sockets(held, slept), {"held": held, "slept": slept}, format_)


def _bound(*, seconds: int | None, format_: str | None, **_: Any) -> None:
    found = bounds.bounds(seconds or 600, _tell)
    report.show(machine.describe_process(), report.bounds(found), {"bounds": found}, format_)


def _soak(*, seconds: int | None, format_: str | None, judged: bool, **_: Any) -> int:
    with cluster.started() as found:
        found.make(5000)
        soaked = soaking.soak(found, seconds or 3600, _tell)
        about = machine.describe_sockets(found)
    report.show(about, report.soaked(soaked), {"soaked": soaked}, format_)
    return 0 if all(soaking.met(soaked)) or not judged else 1


def _tell(line: str) -> None:
    click.echo(line, err=True)


if __name__ == "__main__":
    main()
