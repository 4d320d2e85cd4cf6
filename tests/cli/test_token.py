"""`sunshine token`: tokens for scripts, and their end in every server."""

import asyncio
import json
from datetime import UTC, datetime

import jwt
import pytest

from tests.conftest import SECRET


@pytest.fixture
def names(settings):
    """The databases that `api` serves."""
    return {name: database.database for name, database in settings.databases.items()}


@pytest.fixture
def run(process):
    """A command of somebody else, while the servers go on."""

    async def run(*arguments):
        return await asyncio.to_thread(process, *arguments, JWT_SECRET=SECRET)

    return run


def events(sql, type_):
    query = f"SELECT entity, entity_id, actor_name, after FROM event WHERE type = '{type_}'"
    return sql(query).fetchall()


async def test_a_token_for_a_script_signs_in(api, run, sql):
    done = await run("token", "issue", "HR", "--minutes", "10")
    assert done.returncode == 0, done.stderr
    token = done.stdout.removesuffix("\n")
    claims = jwt.decode(token, SECRET, algorithms=["HS256"], audience="sunshine")
    assert claims["exp"] - claims["iat"] == 600
    account = await api.get("/api/auth/account", as_=token)
    assert (account.status, account.data["username"]) == (200, "hr")
    [(entity, entity_id, actor, after)] = events(sql, "token_issued")
    assert (entity, entity_id, after["jti"]) == ("users", api.hr.user_id, claims["jti"])
    assert actor.startswith("cli:")
    assert token not in json.dumps(after) + done.stderr


async def test_it_is_good_for_as_long_as_others_where_nothing_is_said(api, run, environ):
    made = json.loads((await run("token", "issue", "hr@example.com", "--json")).stdout)
    until = datetime.fromisoformat(made["expiresAt"])
    assert 86_300 < (until - datetime.now(UTC)).total_seconds() <= 86_400


async def test_nobody_who_may_not_sign_in_gets_one(api, run, sql):
    sql("UPDATE users SET active = false WHERE username = 'hr'")
    refused, unknown = await run("token", "issue", "hr"), await run("token", "issue", "nobody")
    assert (refused.returncode, refused.stdout) == (1, "")
    assert (unknown.returncode, unknown.stdout) == (3, "")
    assert events(sql, "token_issued") == []


async def test_one_token_ends_at_the_next_request_everywhere(api, second, run, sql):
    first = json.loads((await run("token", "issue", "hr", "--json")).stdout)
    for server in (api, second):
        assert (await server.get("/api/auth/account", as_=first["token"])).status == 200
    done = await run("token", "revoke", "--jti", first["jti"])
    assert done.returncode == 0, done.stderr
    for server in (api, second):
        assert (await server.get("/api/auth/account", as_=first["token"])).status == 401
        assert (await server.get("/api/auth/account", as_=api.hr)).status == 200
    [(_, _, _, after)] = events(sql, "token_revoked")
    assert after == {"jti": first["jti"]}
    # The sweep must not forget it while it could still be shown.
    await api.app.jobs.run("cleanup")
    assert (await api.get("/api/auth/account", as_=first["token"])).status == 401


async def test_all_tokens_of_a_user_end(api, second, run, sql):
    for server in (api, second):
        assert (await server.get("/api/auth/account", as_=api.hr)).status == 200
    assert (await run("token", "revoke", "--user", "Hr")).returncode == 0
    for server in (api, second):
        assert (await server.get("/api/auth/account", as_=api.hr)).status == 401
        assert (await server.get("/api/auth/account", as_=api.admin)).status == 200
    assert [row[1] for row in events(sql, "tokens_revoked")] == [api.hr.user_id]


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["revoke"], 2),
        (["revoke", "--jti", "0" * 32, "--user", "hr"], 2),
        (["revoke", "--jti", "nonsense"], 2),
        (["revoke", "--user", "nobody"], 3),
        (["issue", "hr", "--minutes", "0"], 2),
        (["issue", "hr", "--minutes", "525601"], 2),
    ],
)
def test_what_is_not_clear_is_refused(sunshine, api, sql, arguments, code):
    done = sunshine("token", *arguments)
    assert (done.returncode, done.stdout) == (code, "")
    assert sql("SELECT count(*) FROM event").fetchone() == (0,)
