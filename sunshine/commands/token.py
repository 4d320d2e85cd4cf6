"""`sunshine token`: tokens for scripts, and the end of tokens. Rules:
sunshine/modules/users/sessions.py."""

import re
from datetime import timedelta
from typing import TYPE_CHECKING

import click

from sunshine.commands import output
from sunshine.commands.output import json_option

if TYPE_CHECKING:
    from sunshine.core.settings import Settings
    from sunshine.database.database import Database, Databases
    from sunshine.database.statements import Row

YEAR = 365 * 24 * 60  # minutes


@click.group()
def token() -> None:
    """Tokens without a password: given to scripts, and ended."""


@token.command()
@click.argument("username", metavar="USER")
@click.option(
    "--minutes",
    type=click.IntRange(1, YEAR),
    help="How long it is good.",
)
@json_option
def issue(username: str, minutes: int | None, as_json: bool) -> None:
    """Print a token of USER, by username or email; nothing else goes to stdout.

    TOKEN=$(sunshine token issue reporter --minutes 10). Whoever holds it is that user until it
    ends. An event tells that it was given, and by whom.
    """
    from sunshine.commands.context import operator, run_on_all

    async def work(databases: "Databases", settings: "Settings") -> "Row":
        from sunshine.identity.tokens import Tokens
        from sunshine.modules.users import sessions as rules
        from sunshine.operations.directories import with_secret

        lifetime = timedelta(minutes=minutes) if minutes else None
        tokens = Tokens(
            with_secret(settings).jwt_secret,
            lifetime or timedelta(seconds=settings.jwt_expiration),
        )
        async with databases.sunshine.transaction(operator()) as tx:
            return await rules.issue(tx, tokens, username=username)

    made = run_on_all(work)
    if as_json:
        output.document(made)
    else:
        click.echo(made["token"])
    until = output.cell(made["expiresAt"])
    output.say(f"A token of {made['username']}, good until {until}.")
    output.say(f"To end it before: sunshine token revoke --jti {made['jti']}")


@token.command()
@click.option("--jti", help="The id of one token: `jti` in its claims.")
@click.option("--user", "username", metavar="USER", help="Every token of this username.")
def revoke(jti: str | None, username: str | None) -> None:
    """End a token, or all tokens of a user: at the next request, in every server."""
    from sunshine.commands.context import operator, run

    if (jti is None) == (username is None):
        raise click.UsageError("name either --jti or --user")
    if jti is not None and not re.fullmatch(r"[0-9a-f]{32}", jti):
        raise click.UsageError(f"{jti!r} is no id of a token: they are 32 hexadecimal digits")

    async def work(database: "Database") -> None:
        from sunshine.modules.users import sessions as rules

        async with database.transaction(operator()) as tx:
            if jti is not None:
                await rules.revoke(tx, jti)
            elif username is not None:
                await rules.revoke_all(tx, username=username)

    run(work)
    output.say("That token has ended." if jti else f"Every token of {username} has ended.")
