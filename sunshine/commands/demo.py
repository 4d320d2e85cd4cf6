"""`sunshine demo`: a made-up company for trials. Its people: demo_people.py. What it publishes:
demo_content.py."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from sunshine.commands import output
from sunshine.commands.output import json_option, yes_option

if TYPE_CHECKING:
    from sunshine.commands.demo_people import Person
    from sunshine.core.settings import Settings
    from sunshine.database.database import Database, Databases, Transaction

Ids = dict[str, int]


@click.command()
@click.option("--seed", type=int, default=1, show_default=True, help="Other people.")
@yes_option
@json_option
def demo(seed: int, yes: bool, as_json: bool) -> None:
    """Fill the database with a made-up company.

    Five departments, 200 employees with managers, shifts and locations, a user of every role, and
    some partners, posts, vacancies and drop points. Prints the users and their password, which is
    shown only once. Asks for confirmation if the database has employees already.
    """
    import secrets

    from sunshine.commands.context import run_on_all

    password = secrets.token_urlsafe(12)

    async def work(databases: "Databases", settings: "Settings") -> list[dict[str, Any]]:
        users = await _fill(databases, seed, password, yes)
        await _store_partners(databases)
        return users

    users = run_on_all(work)
    output.table([{**user, "password": password} for user in users], as_json=as_json)
    output.say("This password is not shown again.")


async def _fill(
    databases: "Databases", seed: int, password: str, yes: bool
) -> list[dict[str, Any]]:
    """Store people in one transaction and content in another; return the new users."""
    from sunshine.commands.context import hashed, operator
    from sunshine.commands.demo_people import company

    database, people = databases.sunshine, company(seed)
    if await _is_used(database):
        output.confirm("There are employees here already. Add 200 made-up ones?", yes=yes)
    password_hash = await hashed(password)
    with output.progress("Employees", len(people)) as advance:
        async with database.transaction(operator()) as tx:
            ids = await _store_people(tx, people, advance)
            users = await _store_users(tx, people, ids, password_hash)
    await _store_stories(databases, ids[people[0].code])
    return users


async def _store_stories(databases: "Databases", author: int) -> None:
    """Store the content of the company, unless there is some already."""
    from sunshine.commands.context import everybody, operator
    from sunshine.commands.demo_content import STORIES
    from sunshine.modules.cms.import_export import KINDS

    cms, actor = databases["cms"], everybody()
    first = {"page": 1, "limit": 1}
    for content in KINDS.values():
        if (await content.page(cms, first, actor=actor)).rows:
            return
    async with cms.transaction(operator()) as tx:
        for kind, rows in STORIES.items():
            signed = {"author": author} if KINDS[kind].rights.author is not None else {}
            for row in rows:
                values = row | signed
                await KINDS[kind].create(tx, values, actor=actor, people=databases.sunshine)


async def _is_used(database: "Database") -> bool:
    from sunshine.modules.employees.departments import departments
    from sunshine.modules.employees.employees import listing

    first = {"page": 1, "limit": 1}
    pages = [await table.page(database, first) for table in (listing, departments.listing)]
    return any(page.rows for page in pages)


async def _store_people(
    tx: "Transaction", people: "list[Person]", advance: Callable[[], None]
) -> Ids:
    from sunshine.commands.context import everybody
    from sunshine.modules.employees import employees
    from sunshine.modules.employees.placements import placements
    from sunshine.modules.employees.shifts import employee_shifts

    departments, positions, shifts, locations = await _store_places(tx)
    actor = everybody()
    ids: Ids = {}
    for person in people:
        manager = ids[person.manager] if person.manager else None
        values = _record(person) | {
            "departmentId": departments[person.department],
            "positionId": positions[person.position],
            "managerId": manager,
        }
        id_ = (await employees.create(tx, values))["id"]
        shift = {"shiftId": shifts[person.shift], "from": person.joined}
        await employee_shifts.create(tx, id_, shift, actor=actor)
        place = {"locationId": locations[person.location], "from": person.joined}
        await placements.create(tx, id_, place, actor=actor)
        ids[person.code] = id_
        advance()
    return ids


def _record(person: "Person") -> dict[str, Any]:
    return {
        "name": person.name,
        "email": person.email,
        "employeeCode": person.code,
        "phone": person.phone,
        "joinDate": person.joined,
    }


async def _store_places(tx: "Transaction") -> tuple[Ids, Ids, Ids, Ids]:
    """Store departments, positions, shifts and locations; return their ids by name."""
    from sunshine.commands import demo_people
    from sunshine.modules.attendance.locations import locations
    from sunshine.modules.employees.departments import departments
    from sunshine.modules.employees.positions import positions
    from sunshine.modules.employees.shifts import shifts

    made: Ids = {}
    for name in demo_people.DEPARTMENTS:
        made[name] = (await departments.create(tx, {"name": name}))["id"]
    posts: list[dict[str, Any]] = [
        {"name": name, "departmentId": made[department], "level": level}
        for name, department, level in demo_people.positions()
    ]
    return (
        made,
        {post["name"]: (await positions.create(tx, post))["id"] for post in posts},
        {shift["name"]: (await shifts.create(tx, shift))["id"] for shift in demo_people.SHIFTS},
        {
            place["name"]: (await locations.create(tx, place))["id"]
            for place in demo_people.LOCATIONS
        },
    )


async def _store_users(
    tx: "Transaction", people: "list[Person]", ids: Ids, password_hash: str
) -> list[dict[str, Any]]:
    from sunshine.commands import demo_people
    from sunshine.modules.users import accounts as users

    made = []
    for username, (role, person) in demo_people.users(people).items():
        values = {
            "username": username,
            "passwordHash": password_hash,
            "name": person.name,
            "email": person.email,
            "role": role,
            "employeeId": ids[person.code],
        }
        row = await users.create(tx, values)
        made.append({"username": row["username"], "role": row["role"], "name": row["name"]})
    return made


async def _store_partners(databases: "Databases") -> None:
    """Store partners with a document each, unless there are partners already."""
    from sunshine.commands import demo_people
    from sunshine.commands.context import operator
    from sunshine.modules.mitra import documents
    from sunshine.modules.mitra.partners import partners

    mitra = databases["mitra"]
    if (await partners.listing.page(mitra, {"page": 1, "limit": 1})).rows:
        return
    for partner, document in demo_people.PARTNERS:
        async with mitra.transaction(operator()) as tx:
            made = await partners.create(tx, partner)
        draft = await documents.draft(databases, made["id"], document)
        async with mitra.transaction(operator()) as tx:
            await documents.create(tx, draft)
