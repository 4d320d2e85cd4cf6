"""`sunshine files`: stored files and their integrity. Rules: sunshine/files."""

from typing import TYPE_CHECKING, Any

import click

from sunshine.commands import output
from sunshine.commands.output import json_option

if TYPE_CHECKING:
    from sunshine.core.settings import Settings
    from sunshine.database.database import Databases
    from sunshine.files.rows import FileProblem

FILES = ("place", "size", "modified")
PROBLEMS = ("problem", "path", "size")


@click.group()
def files() -> None:
    """Files: those that rows name (static) and uploads to be fetched once (temp)."""


@files.command("list")
@click.option("--temp", is_flag=True, help="List uploads instead of files that rows name.")
@json_option
def list_(temp: bool, as_json: bool) -> None:
    """List the files: place, size in bytes, time of the last change."""
    from sunshine.commands.context import run_on_all

    async def work(_: "Databases", settings: "Settings") -> list[dict[str, Any]]:
        from sunshine.files.backends import storage_of
        from sunshine.files.storage import STATIC, TEMP

        found = storage_of(settings).files(TEMP if temp else STATIC)
        return [{name: getattr(file, name) for name in FILES} async for file in found]

    output.table(run_on_all(work), as_json=as_json, columns=FILES)


@files.command()
@click.option("--orphans", is_flag=True, help="Also files older than a day that no row names.")
@output.yes_option
@json_option
def sweep(orphans: bool, yes: bool, as_json: bool) -> None:
    """Remove uploads of a day ago and leftovers of crashes, as the job temp-files does.

    With --orphans also files that no row names any more, after a confirmation.
    """
    from sunshine.commands.context import run_on_all

    async def work(databases: "Databases", settings: "Settings") -> dict[str, int]:
        from sunshine.commands.context import operator
        from sunshine.core import clock
        from sunshine.files import uploads
        from sunshine.files.backends import storage_of

        storage, now = storage_of(settings), clock.now()
        async with databases.sunshine.transaction(operator()) as tx:
            counts = await uploads.expire(tx)
        counts |= await uploads.sweep(storage, databases, now)
        if orphans:
            counts["orphans"] = await _remove_orphans(databases, settings, yes=yes)
        return counts

    counts = run_on_all(work)
    if as_json:
        output.document(counts)
    else:
        output.table([{"what": what, "count": count} for what, count in counts.items()])


async def _remove_orphans(databases: "Databases", settings: "Settings", *, yes: bool) -> int:
    from sunshine.commands.context import operator
    from sunshine.core import clock
    from sunshine.files import integrity
    from sunshine.files.backends import storage_of

    storage = storage_of(settings)
    found = await integrity.orphans(storage, databases, now=clock.now())
    if not found:
        return 0
    output.confirm(f"Remove {len(found)} files that no row names?", yes=yes)
    async with databases.sunshine.transaction(operator()) as tx:
        await integrity.record_removal(tx, found)
    for file in found:
        await storage.remove(file.place)
    return len(found)


@files.command()
@click.option("--quick", is_flag=True, help="Compare sizes only, do not read the files.")
@json_option
def check(quick: bool, as_json: bool) -> None:
    """Compare files and rows; exit code 4 when something is wrong.

    missing: a row names a file that is not there. orphan: no row names it. damaged: its bytes are
    not what was stored.
    """
    from sunshine.commands.context import run_on_all

    async def work(databases: "Databases", settings: "Settings") -> "list[FileProblem]":
        from sunshine.core import clock
        from sunshine.files import integrity
        from sunshine.files.backends import storage_of
        from sunshine.files.storage import STATIC

        storage = storage_of(settings)
        total = len([file async for file in storage.files(STATIC)])
        with output.progress("Checking files", total) as step:
            return await integrity.check(
                storage, databases, now=clock.now(), hashes=not quick, step=step
            )

    problems = run_on_all(work)
    output.table(problems, as_json=as_json, columns=PROBLEMS)
    if problems:
        raise output.CommandError(f"{len(problems)} files are not as they should be", output.BEHIND)
    output.say("All files are as they should be.")
