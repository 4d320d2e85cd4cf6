"""`sunshine users`: accounts from the command line. Rules: sunshine/modules/users."""

import sys
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import click

from sunshine.commands import output
from sunshine.commands.output import json_option

if TYPE_CHECKING:
    from sunshine.core.fields import Schema
    from sunshine.database.database import Database
    from sunshine.modules.users.rows import LinkedUserRow, UsernameRow, UserRow

ROLES = click.Choice(["admin", "hr", "manager", "employee"])
COLUMNS = ("id", "username", "name", "email", "role", "active", "employeeId", "permissions")
EVERY = {"page": 1, "limit": 1_000_000}
must_change_option = click.option(
    "--must-change", is_flag=True, help="The user must set another one before anything else."
)
stdin_option = click.option(
    "--password-stdin", is_flag=True, help="Read the password from stdin instead of asking."
)


@click.group()
def users() -> None:
    """Accounts: who may sign in, with which role and granted permissions. NAME is a username, in
    any case."""


@users.command("list")
@click.option("--role", type=ROLES, help="Only users of this role.")
@click.option("--active/--inactive", default=None, help="Only users who can, or cannot, sign in.")
@click.option("--search", help="Only users with this text in username, name or email address.")
@json_option
def list_(role: str | None, active: bool | None, search: str | None, as_json: bool) -> None:
    """List the users."""
    from sunshine.commands.context import run

    given = {"role": role, "active": active, "search": search}
    rows = run(lambda database: _listed(database, given))
    output.table(rows, as_json=as_json, columns=COLUMNS)


@users.command()
@click.argument("username", metavar="NAME")
@click.option("--name", required=True, help="The person's name.")
@click.option("--role", required=True, type=ROLES)
@click.option("--email", help="The email address; it also works for signing in.")
@click.option("--employee-id", type=int, help="The id of the employee whose account this is.")
@click.option("--inactive", is_flag=True, help="The user cannot sign in yet.")
@click.option(
    "--grant",
    "grants",
    multiple=True,
    metavar="PERMISSION",
    help="A permission beyond the role; may be repeated.",
)
@must_change_option
@stdin_option
@json_option
def create(
    username: str,
    name: str,
    role: str,
    email: str | None,
    employee_id: int | None,
    inactive: bool,
    grants: tuple[str, ...],
    must_change: bool,
    password_stdin: bool,
    as_json: bool,
) -> None:
    """Create a user; also before the first `serve`, and while it runs."""
    given = {
        "username": username,
        "name": name,
        "role": role,
        "email": email,
        "employeeId": employee_id,
        "active": not inactive,
        "permissions": list(grants),
        "mustChangePassword": must_change,
        "password": password_of(password_stdin),
    }
    row = _created(given)
    output.say(f"Created user {row['username']} ({row['role']}).")
    if as_json:
        output.document(row)


@users.command("set-password")
@click.argument("username", metavar="NAME")
@must_change_option
@stdin_option
def set_password(username: str, must_change: bool, password_stdin: bool) -> None:
    """Set a password; all tokens of the user end at once."""
    asked = {"mustChangePassword": True} if must_change else {}
    _change(username, {"password": password_of(password_stdin), **asked})
    output.say(f"New password for {username}; all earlier sign-ins have ended.")


@users.command()
@click.argument("username", metavar="NAME")
@click.argument("employee_id", metavar="[EMPLOYEE_ID]", type=click.IntRange(1), required=False)
@click.option("--none", "nobody", is_flag=True, help="Unlink the account.")
def link(username: str, employee_id: int | None, nobody: bool) -> None:
    """Link an account to an employee, whose leave, tickets and bookings are then the user's.

    An employee has at most one account, and an account at most one employee.
    """
    if nobody == (employee_id is not None):
        raise click.UsageError("name an EMPLOYEE_ID, or --none")
    row = _linked(username, employee_id)
    whose = "no employee" if nobody else f"employee {row['employeeId']}, {row['employee']}"
    output.say(f"{row['username']} is linked to {whose}.")


@users.command()
@click.argument("username", metavar="NAME")
def unlock(username: str) -> None:
    """Forget a user's failed sign-ins, which slow down further attempts from unknown places: at
    once, in every running server. NAME may be the email address."""
    from sunshine.commands.context import operator, run
    from sunshine.modules.users import sessions as rules

    async def work(database: "Database") -> "UsernameRow":
        async with database.transaction(operator()) as tx:
            return await rules.unlock(tx, username=username)

    row = run(work)
    output.say(f"{row['username']} may try again from anywhere.")


@users.command()
@click.argument("username", metavar="NAME")
def disable(username: str) -> None:
    """Deactivate a user; all their tokens end at once."""
    _change(username, {"active": False})
    output.say(f"{username} may no longer sign in.")


@users.command()
@click.argument("username", metavar="NAME")
def enable(username: str) -> None:
    """Activate a disabled user."""
    _change(username, {"active": True})
    output.say(f"{username} may sign in.")


@users.command("role")
@click.argument("username", metavar="NAME")
@click.argument("role", type=ROLES)
def set_role(username: str, role: str) -> None:
    """Change a user's ROLE; all their tokens end at once."""
    _change(username, {"role": role})
    output.say(f"{username} is now {role}.")


@users.command()
@click.argument("username", metavar="NAME")
@click.argument("permissions", metavar="PERMISSION...", nargs=-1, required=True)
def grant(username: str, permissions: tuple[str, ...]) -> None:
    """Grant PERMISSIONs, such as tickets:agent, beyond the user's role."""
    _regrant(username, granted=permissions)


@users.command()
@click.argument("username", metavar="NAME")
@click.argument("permissions", metavar="PERMISSION...", nargs=-1, required=True)
def revoke(username: str, permissions: tuple[str, ...]) -> None:
    """Revoke granted PERMISSIONs; those of the role stay."""
    _regrant(username, revoked=permissions)


def password_of(from_stdin: bool) -> str:
    """Return a password from standard input or, on a terminal, from a prompt."""
    if from_stdin:
        try:
            password = sys.stdin.buffer.read().decode().removesuffix("\n").removesuffix("\r")
        except UnicodeDecodeError:
            raise click.UsageError("the password on stdin is not UTF-8") from None
        if not password:
            raise click.UsageError("--password-stdin: there is nothing on stdin")
        return password
    if not sys.stdin.isatty():
        raise click.UsageError("There is no terminal to ask for a password: use --password-stdin.")
    typed: str = click.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
    return typed


def _created(given: Mapping[str, Any]) -> "UserRow":
    from sunshine.commands.context import operator, run
    from sunshine.modules.users import accounts as rules
    from sunshine.modules.users.schemas import CREATE

    values = _ready(CREATE, given)

    async def work(database: "Database") -> "UserRow":
        await _hash(values, values)
        async with database.transaction(operator()) as tx:
            return await rules.create(tx, values)

    return run(work)


def _change(username: str, given: Mapping[str, Any]) -> None:
    from sunshine.commands.context import operator, run
    from sunshine.modules.users import accounts as rules
    from sunshine.modules.users.schemas import CHANGE

    values = _ready(CHANGE, given)

    async def work(database: "Database") -> None:
        row = await _named(database, username)
        await _hash(values, row)
        async with database.transaction(operator()) as tx:
            await rules.change(tx, row["id"], values)

    run(work)


def _linked(username: str, employee_id: int | None) -> "LinkedUserRow":
    from sunshine.commands.context import operator, run
    from sunshine.modules.users import employee_accounts as rules

    async def work(database: "Database") -> "LinkedUserRow":
        row = await _named(database, username)
        async with database.transaction(operator()) as tx:
            return await rules.link(tx, row["id"], employee_id)

    return run(work)


def _regrant(username: str, *, granted: Iterable[str] = (), revoked: Iterable[str] = ()) -> None:
    from sunshine.commands.context import operator, run
    from sunshine.modules.users import accounts as rules
    from sunshine.modules.users.schemas import CHANGE

    asked = _ready(CHANGE, {"permissions": sorted({*granted, *revoked})})["permissions"]

    async def work(database: "Database") -> list[str]:
        row = await _named(database, username)
        async with database.transaction(operator()) as tx:
            # A change of nothing locks the row: two grants at once must not undo each other.
            held = set((await rules.change(tx, row["id"], {}))["permissions"])
            wanted = held | set(asked) if granted else held - set(asked)
            await rules.change(tx, row["id"], {"permissions": sorted(wanted)})
        return sorted(wanted)

    output.say(f"{username} is granted: {', '.join(run(work)) or 'nothing beyond the role'}.")


def _ready(schema: "Schema", given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values, checked like those of a request."""
    from sunshine.core.validation import Payload

    return Payload(schema).check(dict(given))


async def _hash(values: dict[str, Any], account: Mapping[str, Any]) -> None:
    """Replace a new password by its hash, once it is strong enough for the account."""
    from sunshine.commands.context import check_password, hashed

    if "password" in values:
        password = values.pop("password")
        check_password(password, (account["username"], account["email"], account["name"]))
        values["passwordHash"] = await hashed(password)


async def _listed(database: "Database", given: Mapping[str, Any]) -> "list[UserRow]":
    from sunshine.modules.users import accounts as rules

    asked = {name: value for name, value in given.items() if value is not None}
    return (await rules.page(database, EVERY | asked)).rows


async def _named(database: "Database", username: str) -> "UserRow":
    from sunshine.core.errors import NotFound

    for row in await _listed(database, {"search": username}):
        if row["username"].lower() == username.lower():
            return row
    raise NotFound(f"there is no user {username}")
