"""Four databases by name: sunshine/database/database.py, as rules and clients meet it."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace

import psycopg
import pytest
from sqlalchemy import BigInteger, bindparam, literal, select, text, update

from models.auth import users
from models.departments import department
from sunshine.core import clock
from sunshine.core.errors import Conflict, Unavailable
from sunshine.core.principals import System
from sunshine.database.connections import conninfo
from sunshine.database.database import Database
from sunshine.database.statements import Statement
from tests.api import Api

RENAME = Statement(
    update(department).where(department.c.id == bindparam("row")).values(name=bindparam("name"))
)
LOCK = Statement(select(users.c.id).where(users.c.id == bindparam("id")).with_for_update())
NUMBER = Statement(select(literal(1).label("one"), bindparam("n", type_=BigInteger).label("n")))


@asynccontextmanager
async def pool(api: Api, size: int) -> AsyncIterator[Database]:
    """A database with so few connections."""
    settings = replace(api.app.settings.databases["sunshine"], pool_min=1, pool_max=size)
    database = Database("sunshine", settings, clock.now, api.app.settings.policy)
    await database.open()
    try:
        yield database
    finally:
        await database.close()


@asynccontextmanager
async def locked(api: Api, user_id: int) -> AsyncIterator[None]:
    """Somebody is changing this account and does not come to an end."""
    async with await psycopg.AsyncConnection.connect(
        conninfo(api.app.settings.databases["sunshine"])
    ) as other:
        await other.execute("SELECT 1 FROM users WHERE id = %s FOR UPDATE", [user_id])
        yield
        await other.rollback()


async def test_a_change_happens_whole_or_not_at_all(api: Api) -> None:
    database = api.app.databases.sunshine
    [row] = await api.sql("SELECT id FROM department")

    async def change(fails: bool) -> None:
        async with database.transaction(System("test")) as tx:
            await tx.execute(RENAME, row=row["id"], name="Renamed")
            await tx.record("renamed", "department", row["id"])
            if fails:
                raise LookupError

    with pytest.raises(LookupError):
        await change(fails=True)
    assert await api.sql("SELECT name FROM department") == [{"name": "Human Resources"}]
    assert await api.events() == []
    await change(fails=False)
    assert await api.sql("SELECT name FROM department") == [{"name": "Renamed"}]
    assert await api.events() == ["renamed"]


async def test_a_cancelled_change_did_not_happen_and_frees_its_connection(api: Api) -> None:
    [row] = await api.sql("SELECT id FROM department")
    async with pool(api, 1) as database:

        async def change() -> None:
            async with database.transaction(System("test")) as tx:
                await tx.execute(RENAME, row=row["id"], name="Renamed")
                await asyncio.sleep(60)

        task = asyncio.ensure_future(change())
        await asyncio.sleep(0.1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert (await database.one_or_none(NUMBER, n=2)) == {"one": 1, "n": 2}
    assert await api.sql("SELECT name FROM department") == [{"name": "Human Resources"}]


async def test_one_instant_runs_through_a_change(api: Api) -> None:
    async with api.app.databases.sunshine.transaction(System("test")) as tx:
        for number in range(2):
            await tx.record("noted", "thing", number)
        assert tx.now.tzinfo is not None
    rows = await api.sql("SELECT DISTINCT at FROM event")
    assert [row["at"] for row in rows] == [tx.now]


async def test_a_broken_rule_of_the_database_is_a_business_error(api: Api) -> None:
    taken = update(users).where(users.c.id == bindparam("row")).values(username="ADMIN")
    with pytest.raises(Conflict) as refused:
        async with api.app.databases.sunshine.transaction(System("test")) as tx:
            await tx.execute(Statement(taken), row=api.hr.user_id)
    assert (refused.value.code, refused.value.errors[0]["field"]) == ("username_taken", "username")


async def test_a_broken_rule_without_a_meaning_is_our_own_fault(api: Api) -> None:
    wrong = update(users).where(users.c.id == bindparam("row")).values(role="king")
    with pytest.raises(psycopg.errors.CheckViolation):
        async with api.app.databases.sunshine.transaction(System("test")) as tx:
            await tx.execute(Statement(wrong), row=api.hr.user_id)


async def test_each_broken_rule_gets_an_error_of_its_own(api: Api) -> None:
    """A shared one would carry one request's traceback into another."""
    taken = Statement(update(users).where(users.c.id == bindparam("row")).values(username="ADMIN"))
    caught = []
    for _ in range(2):
        with pytest.raises(Conflict) as refused:
            async with api.app.databases.sunshine.transaction(System("test")) as tx:
                await tx.execute(taken, row=api.hr.user_id)
        caught.append(refused.value)
    assert caught[0] is not caught[1]


async def test_a_lock_held_too_long_is_busy_and_not_a_crash(api: Api) -> None:
    async with locked(api, api.employee.user_id):
        began = time.monotonic()
        answer = await api.put(f"/api/users/{api.employee.user_id}", {"name": "New"}, as_="admin")
        took = time.monotonic() - began
    assert (answer.status, answer.code) == (409, "busy")
    assert took < 3
    assert await api.events() == []
    retried = await api.put(f"/api/users/{api.employee.user_id}", {"name": "New"}, as_="admin")
    assert retried.status == 200


async def test_a_deadlock_is_busy_for_one_and_fine_for_the_other(api: Api) -> None:
    database = api.app.databases.sunshine
    both = asyncio.Barrier(2)

    async def lock(*ids: int) -> str:
        try:
            async with database.transaction(System("test")) as tx:
                await tx.one_or_none(LOCK, id=ids[0])
                await both.wait()
                await tx.one_or_none(LOCK, id=ids[1])
                await tx.record("locked", "thing", 1)
        except Conflict as error:
            return error.code
        return "fine"

    one, other = api.admin.user_id, api.hr.user_id
    assert sorted(await asyncio.gather(lock(one, other), lock(other, one))) == ["busy", "fine"]
    assert await api.events() == ["locked"]


async def test_an_exhausted_pool_is_503_within_three_seconds_and_recovers(api: Api) -> None:
    database = api.app.databases.sunshine
    async with AsyncExitStack() as stack:
        for _ in range(database.settings.pool_max):
            await stack.enter_async_context(database.transaction(System("test")))
        began = time.monotonic()
        # A token that is not remembered, so that even who asks cannot be found out.
        api.app.principals.forget()
        home, answer = await asyncio.gather(api.get("/"), api.get("/api/employees", as_="admin"))
        took = time.monotonic() - began
    assert home.status == 200
    assert (answer.status, answer.code) == (503, "database_unavailable")
    assert answer.headers["Retry-After"]
    assert took < 3
    assert (await api.get("/api/employees", as_="admin")).status == 200


async def test_a_statement_without_end_is_ended(api: Api) -> None:
    settings = api.app.settings.databases["sunshine"]
    with psycopg.connect(conninfo(settings)) as connection:
        shown = {
            name: connection.execute(f"SHOW {name}").fetchone()
            for name in (
                "statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout",
                "TimeZone",
            )
        }  # fmt: skip
    assert shown == {
        "statement_timeout": ("10s",),
        "lock_timeout": ("2500ms",),
        "idle_in_transaction_session_timeout": ("15s",),
        "TimeZone": ("UTC",),
    }


async def feeds_are_back(*servers: Api) -> None:
    """Nobody is remembered before."""
    deadline = time.monotonic() + 5
    while not all(server.app.feed.connected for server in servers):
        assert time.monotonic() < deadline
        await asyncio.sleep(0.01)


async def test_dead_idle_connections_are_passed_over_at_once(api: Api, second: Api) -> None:
    """As after a fast restart of PostgreSQL: every connection in every pool is dead."""
    others = "pid <> pg_backend_pid() AND application_name IN ('sunshine', 'sunshine feed')"
    for calls in (1, 12):
        for server in (api, second):
            await asyncio.gather(*(server.get("/api/employees", as_="admin") for _ in range(30)))
        killed = await api.sql(
            f"SELECT pid, pg_terminate_backend(pid) FROM pg_stat_activity WHERE {others}"
        )
        # One that is on its way out may still take a question.
        pids = [row["pid"] for row in killed]
        deadline = time.monotonic() + 5
        while await api.sql("SELECT 1 FROM pg_stat_activity WHERE pid = ANY(%(p)s)", p=pids):
            assert time.monotonic() < deadline
            await asyncio.sleep(0.01)
        for server in (api, second):
            began = time.monotonic()
            answers = await asyncio.gather(
                *(server.get("/api/employees", as_="admin") for _ in range(calls)),
                server.put(f"/api/users/{api.hr.user_id}", {"name": "After"}, as_="admin"),
            )
            assert {answer.status for answer in answers} == {200}
            assert time.monotonic() - began < 2
    await feeds_are_back(api, second)


async def test_an_end_is_told_to_all_even_when_the_pool_is_exhausted(api: Api, second: Api) -> None:
    """It is committed: the connection must not go to somebody else before all were told."""
    await feeds_are_back(second)
    assert (await second.get("/api/auth/account", as_="employee")).status == 200
    assert second.app.principals._known
    async with pool(api, 1) as database:
        enough = asyncio.Event()

        async def hog() -> None:
            async with database.transaction(System("test")):
                await enough.wait()

        async with database.transaction(System("test")) as tx:
            await tx.record("ended", "thing", 1)
            tx.invalidate_principals()
            queue = [asyncio.ensure_future(hog()) for _ in range(3)]
            await asyncio.sleep(0.05)
        assert not second.app.principals._known
        enough.set()
        await asyncio.gather(*queue)


async def test_a_server_that_is_not_there_is_unavailable_within_three_seconds(api: Api) -> None:
    gone = replace(api.app.settings.databases["sunshine"], host="127.0.0.1", port=1)
    database = Database("sunshine", gone, clock.now, api.app.settings.policy)
    await database.open()
    began = time.monotonic()
    with pytest.raises(Unavailable):
        await database.one_or_none(NUMBER, n=1)
    assert time.monotonic() - began < 3
    await database.close()


async def test_values_are_bound_and_never_pasted(api: Api) -> None:
    echo = Statement(select(bindparam("t", type_=users.c.name.type).label("t")))
    for value in ("'; DROP TABLE users; --", "%s %(x)s %%", "\\", "😀"):
        assert await api.app.databases.sunshine.one_or_none(echo, t=value) == {"t": value}
    assert await api.app.databases.sunshine.all(Statement(text("SELECT 1 AS a"))) == [{"a": 1}]
