"""`sunshine token`: issue tokens for scripts, revoke tokens. Rules:
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
    from sunshine.modules.users.rows import IssuedToken

YEAR = 365 * 24 * 60  # minutes


@click.group()
def token() -> None:
    """Tokens without a password: issue them to scripts, and revoke them."""


@token.command()
@click.argument("username", metavar="USER")
@click.option(
    "--minutes",
    type=click.IntRange(1, YEAR),
    help="For how long it is valid.",
)
@json_option
def issue(username: str, minutes: int | None, as_json: bool) -> None:
    """Print a token of USER, by username or email address; nothing else goes to stdout.

    TOKEN=$(sunshine token issue reporter --minutes 10). Whoever holds the token acts as that user
    until it ends. An event records that it was issued, and by whom.
    """
    from sunshine.commands.context import operator, run_on_all

    async def work(databases: "Databases", settings: "Settings") -> "IssuedToken":
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
    output.say(f"A token of {made['username']}, valid until {until}.")
    output.say(f"To end it before: sunshine token revoke --jti {made['jti']}")


@token.command()
@click.option("--jti", help="The id of the token: `jti` in its claims.")
@click.option("--user", "username", metavar="USER", help="All tokens of this username.")
def revoke(jti: str | None, username: str | None) -> None:
    """End a token, or all tokens of a user: at the next request, in every server."""
    from sunshine.commands.context import operator, run

    if (jti is None) == (username is None):
        raise click.UsageError("name either --jti or --user")
    if jti is not None and not re.fullmatch(r"[0-9a-f]{32}", jti):
        raise click.UsageError(f"{jti!r} is not the id of a token: it has 32 hexadecimal digits")

    async def work(database: "Database") -> None:
        from sunshine.modules.users import sessions as rules

        async with database.transaction(operator()) as tx:
            if jti is not None:
                await rules.revoke(tx, jti)
            elif username is not None:
                await rules.revoke_all(tx, username=username)

    run(work)
    output.say("That token has ended." if jti else f"All tokens of {username} have ended.")
