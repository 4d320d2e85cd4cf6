"""`sunshine cms`: content from the command line. Rules: sunshine/modules/cms."""

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sunshine.commands import output
from sunshine.commands.dates import Moment
from sunshine.commands.output import json_option, yes_option

if TYPE_CHECKING:
    from sunshine.database.database import Databases
    from sunshine.modules.cms.rows import ContentRow

KINDS = ("blog", "ads", "training", "career", "vacancies", "department", "droppoint")
kind_type = click.Choice(KINDS)
INSTANT = Moment(["%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%dT%H:%M%z"])


@click.group()
def cms() -> None:
    """Posts, ads, pages, vacancies, drop points."""


@cms.command()
@click.argument("kind", type=kind_type)
@click.argument("name", metavar="ID")
@click.option("--at", type=INSTANT, help="When a post is published: 2024-06-01T08:00+07:00.")
@json_option
def publish(kind: str, name: str, at: datetime | None, as_json: bool) -> None:
    """Publish content; ID is its id, for a post also its slug."""
    from sunshine.commands.context import run_on_all

    if at is not None and kind != "blog":
        raise click.UsageError("--at goes with blog only")
    row = run_on_all(lambda databases, _: _publish(databases, kind, name, at))
    if as_json:
        output.document(row)
    else:
        output.say(f"Published {kind} {row['id']}: {row.get('title') or row.get('name')}")


@cms.command()
@click.argument("kinds", type=kind_type, nargs=-1)
@click.option(
    "--to",
    "file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="File to write.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON list instead of lines.")
def export(kinds: tuple[str, ...], file: Path | None, as_json: bool) -> None:
    """Print all content or that of these KINDS as lines of JSON, which `import` takes."""
    from sunshine.commands.context import run_on_all

    rows = run_on_all(lambda databases, _: _exported(databases, kinds or KINDS))
    if file is not None:
        file.write_text("".join(f"{output.encoded(row)}\n" for row in rows), encoding="utf-8")
    elif as_json:
        output.document(rows)
    else:
        for row in rows:
            output.line(row)
    output.say(f"Exported {len(rows)} rows.")


@cms.command("import")
@click.argument("file", type=click.File(encoding="utf-8"))
@click.option("--dry-run", is_flag=True, help="Only print what would be created.")
@yes_option
@json_option
def import_(file: Any, dry_run: bool, yes: bool, as_json: bool) -> None:
    """Create content from the lines of FILE, all or none; - reads from stdin.

    Rows are added: existing ones stay as they are, and a post whose slug is taken is an error.
    """
    from sunshine.commands.context import run_on_all

    try:
        text = file.read()
    except UnicodeDecodeError as error:
        raise output.CommandError(f"{file.name} is not UTF-8 text: {error.reason}") from error
    made = run_on_all(lambda databases, _: _imported(databases, text, dry_run, yes))
    rows = [{"kind": kind, "rows": count} for kind, count in made.items()]
    output.table(rows, as_json=as_json, columns=("kind", "rows"))
    output.say("The file is fine; nothing was changed." if dry_run else "Imported.")


async def _publish(
    databases: "Databases", kind: str, name: str, at: datetime | None
) -> "ContentRow":
    from sunshine.commands.context import everybody, operator
    from sunshine.core.errors import NotFound
    from sunshine.modules.cms.blog import posts
    from sunshine.modules.cms.import_export import KINDS as CONTENT

    content, database = CONTENT[kind], databases["cms"]
    actor = everybody()
    if name.isascii() and name.isdigit() and int(name) < 2**31:
        id_ = int(name)
    elif kind == "blog":
        id_ = (await posts.find_at(database, name, actor=actor))["id"]
    else:
        raise NotFound(f"there is no {kind} {name}")
    values: dict[str, Any] = {content.rights.state: content.rights.public}
    if at is not None:
        values["publishAt"] = at
    async with database.transaction(operator()) as tx:
        row: ContentRow = await content.change(
            tx, id_, values, actor=actor, people=databases.sunshine
        )
        return row


async def _exported(databases: "Databases", kinds: tuple[str, ...]) -> list[dict[str, Any]]:
    from sunshine.modules.cms import import_export

    return [row async for row in import_export.export(databases["cms"], kinds)]


async def _imported(databases: "Databases", text: str, dry_run: bool, yes: bool) -> dict[str, int]:
    from collections import Counter
    from contextlib import suppress

    from sunshine.commands.context import everybody, operator
    from sunshine.modules.cms import import_export

    lines = await import_export.parse(text)
    if not dry_run:
        output.confirm(f"Create {len(lines)} rows?", yes=yes)
    with suppress(_DryRun):
        async with databases["cms"].transaction(operator()) as tx:
            await import_export.import_lines(
                tx, lines, actor=everybody(), people=databases.sunshine
            )
            if dry_run:
                raise _DryRun
    return dict(Counter(line.kind for line in lines))


class _DryRun(Exception):
    """Rolls the transaction back."""
