"""Who sees what: rows at random, and everybody gets what the policy admits, however they ask."""

import random
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.api import Api
from tests.cms.factories import (
    ADS,
    BLOG,
    DEPARTMENT,
    DROPPOINT,
    KINDS,
    TRAINING,
    VACANCIES,
    WRITTEN,
    driver_token,
    grant,
    make,
    public_read,
    recorded,
    seen,
    told,
)
from tests.conftest import Now
from tests.row_factories import new_row

READERS = ("employee", "manager", "hr", "stranger", "outsider", "admin", None, "driver")
AUTHORS = ("employee", "stranger", "admin")
NOW = datetime(2024, 6, 15, 12, tzinfo=UTC)


async def cast(api: Api, as_: Any = "admin") -> None:
    """Writers with and without an employee of theirs, and a publisher."""
    await grant(api, "employee", "cms:write", as_=as_)
    await grant(api, "outsider", "cms:write", as_=as_)
    await grant(api, "manager", "cms:publish", as_=as_)


def a_state(path: str, chance: random.Random) -> dict[str, Any]:
    """Public or not, begun or not, over or not."""
    state = dict(chance.choice(KINDS[path][1:]))
    day, second = timedelta(days=1), timedelta(seconds=1)
    if path == BLOG:
        begins = chance.choice([None, NOW - day, NOW, NOW + second])
        ends = chance.choice([None, NOW, NOW + second, NOW + 2 * day])
        if begins and ends and ends <= begins:
            ends = None
        state["publishAt"] = begins and begins.isoformat()
        state["unpublishAt"] = ends and ends.isoformat()
    if path == ADS:
        first = NOW.date() + chance.choice([-2, -1, 0, 1]) * day
        last = chance.choice([None, first, first + day])
        state |= {"startDate": first.isoformat(), "endDate": last and last.isoformat()}
    if path == VACANCIES:
        closes = chance.choice([None, NOW.date() - day, NOW.date(), NOW.date() + day])
        state["status"] = chance.choice(["draft", "open", "open", "closed"])
        state["closingDate"] = closes and closes.isoformat()
    return state


def is_public(path: str, row: dict[str, Any]) -> bool:
    """What the documentation says, in other words than the SQL."""
    today = NOW.date().isoformat()
    if "active" in row and not row["active"]:
        return False
    if path == BLOG:
        begins, ends = row["publishAt"], row["unpublishAt"]
        begun = begins is None or datetime.fromisoformat(begins) <= NOW
        over = ends is not None and datetime.fromisoformat(ends) <= NOW
        return row["status"] == "published" and begun and not over
    if path == ADS:
        return bool(row["startDate"] <= today <= (row["endDate"] or today))
    if path == VACANCIES:
        return row["status"] == "open" and bool(today <= (row["closingDate"] or today))
    return bool(row.get("status", "published") == "published")


def may_see(path: str, name: str | None, row: dict[str, Any], api: Api) -> bool:
    """The page's matrix."""
    if name in ("admin", "manager"):
        return True
    if name == "hr" and path in WRITTEN[2:]:
        return True
    own = name == "employee" and path in WRITTEN and row["author"] == api.employee.employee_id
    return own or is_public(path, row)


@pytest.mark.parametrize("path", KINDS)
async def test_everybody_gets_what_they_may_and_nothing_else(api: Api, now: Now, path: str) -> None:
    chance = random.Random(f"{path} 7")
    now.set(*NOW.timetuple()[:6])
    tokens: dict[str | None, Any] = {name: told(api, name) for name in api.cast}
    driver = await new_row(api, "driver")
    tokens |= {None: None, "driver": driver_token(api, driver)}
    await cast(api, tokens["admin"])
    rows = []
    for number in range(14):
        author = {"author": api.cast[chance.choice(AUTHORS)].employee_id} if path in WRITTEN else {}
        least, _, _ = KINDS[path]
        body = {**least, **a_state(path, chance), **author}
        body["title" if "title" in least else "name"] = f"Secret {number}"
        rows.append((await api.post(path, body, as_=tokens["admin"])).data)
    await api.delete(f"{path}/{rows.pop()['id']}", as_=tokens["admin"])
    assert 0 < sum(is_public(path, row) for row in rows) < len(rows)
    with public_read(api):
        for name in READERS:
            if path == TRAINING and name in (None, "driver"):
                status = 401 if name is None else 403
                assert (await api.get(path, as_=tokens[name])).status == status
                continue
            await check_reader(api, path, name, tokens[name], rows)


async def check_reader(
    api: Api, path: str, name: str | None, token: Any, rows: list[dict[str, Any]]
) -> None:
    expected = {row["id"] for row in rows if may_see(path, name, row, api)}
    for query in ("", "search=secret", "sort=-updatedAt"):
        assert set(await seen(api, path, token, query)) == expected, (name, query)
    missing = await api.get(f"{path}/{2**31 - 1}", as_=token)
    for row in rows:
        answers = [await api.get(f"{path}/{row['id']}", as_=token)]
        if path == BLOG:
            answers.append(await api.get(f"{path}/slug/{row['slug']}", as_=token))
            if row["id"] not in expected or name in ("stranger", "hr", None, "driver"):
                revisions = await api.get(f"{path}/{row['id']}/revisions", as_=token)
                assert revisions.status in (401, 403)
        for answer in answers:
            if row["id"] in expected:
                assert answer.data["id"] == row["id"]
            else:  # as if it were not there
                assert (answer.status, answer.body) == (missing.status, missing.body), name
        for state in {str(row.get("status")), "draft", "closed"} if "status" in row else ():
            found = await api.get(f"{path}?status={state}&limit=100", as_=token)
            assert found.status in (200, 400, 401, 403)
            if found.status == 200:
                assert {each["id"] for each in found.data} <= expected


async def test_asking_for_what_one_may_not_see_is_refused(api: Api) -> None:
    await cast(api)
    mine, other = api.employee.employee_id, api.stranger.employee_id
    for path, hidden in ((BLOG, "status=draft"), (ADS, "active=false"),
                         (VACANCIES, "status=closed"),
                         (TRAINING, "status=draft")):  # fmt: skip
        assert (await api.get(f"{path}?{hidden}", as_="stranger")).status == 403
        for as_ in ("manager", "admin", "employee"):
            assert (await api.get(f"{path}?{hidden}", as_=as_)).status == 200
        assert (await api.get(f"{path}?{hidden}&author={mine}", as_="employee")).status == 200
        assert (await api.get(f"{path}?{hidden}&author={other}", as_="employee")).status == 403
    assert (await api.get(f"{BLOG}?status=draft", as_="hr")).status == 403
    for path in (DEPARTMENT, DROPPOINT):
        for as_ in ("employee", "hr"):  # nobody but publishers writes these
            assert (await api.get(f"{path}?active=false", as_=as_)).status == 403
        assert (await api.get(f"{path}?active=false", as_="manager")).status == 200


async def test_without_public_read_a_token_of_a_user_is_needed(api: Api) -> None:
    driver = driver_token(api, await new_row(api, "driver"))
    for path in KINDS:
        id_ = (await make(api, path))["id"]
        for place in (path, f"{path}/{id_}"):
            assert (await api.get(place)).code == "not_signed_in"
            assert (await api.get(place, as_=driver)).code == "not_allowed"
            assert (await api.get(place, as_="outsider")).status == 200


async def test_with_public_read_a_token_that_ended_is_refused_all_the_same(api: Api) -> None:
    with public_read(api):
        assert (await api.get(BLOG)).status == 200
        assert (await api.get(BLOG, as_="rubbish")).code == "not_signed_in"
        assert (await api.get(f"{BLOG}?status=draft")).code == "not_signed_in"
        assert (await api.post(BLOG, KINDS[BLOG][0])).code == "not_signed_in"


@pytest.mark.parametrize("path", WRITTEN)
async def test_writers_write_drafts_of_their_own(api: Api, path: str) -> None:
    await cast(api)
    least, draft, public = KINDS[path]
    before = await recorded(api)
    for body, as_ in (
        ({**least, **public}, "employee"),
        ({**least, "author": api.stranger.employee_id}, "employee"),
        ({**least, "author": None}, "employee"),
        (least, "outsider"),  # who is no employee has no own
    ):
        answer = await api.post(path, body, as_=as_)
        code = "no_employee" if as_ == "outsider" else "not_allowed"
        assert (answer.status, answer.code) == (403, code), body
    assert await recorded(api) == before
    made = (await api.post(path, least, as_="employee")).data
    assert made["author"] == api.employee.employee_id
    assert made["authorName"] == "Employee Person"
    mine = f"{path}/{made['id']}"
    assert (await api.put(mine, {**draft, "title": "Better"}, as_="employee")).status == 200
    other = f"{path}/{(await make(api, path, **draft))['id']}"
    before = await recorded(api)
    for place, body in (
        (mine, public),
        (mine, {"author": api.stranger.employee_id}),
        (mine, {"author": None}),
        (other, {"title": "Mine"}),
        (f"{path}/{2**31 - 1}", {"title": "Mine"}),
    ):
        answer = await api.put(place, body, as_="employee")
        assert (answer.status, answer.code) == (403, "not_allowed"), body
    assert (await api.delete(mine, as_="employee")).code == "not_allowed"
    assert (await api.put(mine, {"title": "x"}, as_="stranger")).code == "not_allowed"
    assert await recorded(api) == before
    assert (await api.put(mine, public, as_="manager")).status == 200
    # What is public is no draft any more.
    assert (await api.put(mine, {"title": "Worse"}, as_="employee")).status == 403
    assert (await api.put(mine, draft, as_="manager")).status == 200
    assert (await api.put(mine, {"title": "Better again"}, as_="employee")).status == 200


async def test_hr_keeps_careers_and_nothing_else(api: Api) -> None:
    for path, (least, _, public) in KINDS.items():
        body = {**least, **public}
        if path not in WRITTEN[2:]:
            assert (await api.post(path, body, as_="hr")).code == "not_allowed"
            continue
        made = (await api.post(path, body | {"author": api.stranger.employee_id}, as_="hr")).data
        assert made["authorName"] == "Stranger Person"
        place = f"{path}/{made['id']}"
        assert (await api.put(place, {"title": "Other"}, as_="hr")).data["title"] == "Other"
        assert (await api.delete(place, as_="hr")).status == 200
        assert (await api.get(place, as_="hr")).code == "not_found"


async def test_an_author_or_a_department_must_exist(api: Api) -> None:
    for id_ in (2**31 - 1, 2**31 - 2):
        for path, field in ((BLOG, "author"), (DEPARTMENT, "departmentId")):
            answer = await api.post(path, {**KINDS[path][0], field: id_}, as_="admin")
            assert (answer.status, answer.fields) == (400, {field})
    [row] = await api.sql("SELECT id FROM department")
    made = await make(api, DEPARTMENT, departmentId=row["id"])
    assert made["departmentId"] == row["id"]
    assert await seen(api, DEPARTMENT, query=f"departmentId={row['id']}") == [made["id"]]
    assert await seen(api, DEPARTMENT, query=f"departmentId={row['id'] + 1}") == []
    assert (await make(api, BLOG, author=None))["authorName"] is None
    for table, path, field in (("employee", BLOG, "author"), ("department", DEPARTMENT,
                                                              "departmentId")):  # fmt: skip
        gone = await new_row(api, table)
        await api.sql(f"UPDATE {table} SET deleted_at = now() WHERE id = %(id)s", id=gone)
        answer = await api.post(path, {**KINDS[path][0], field: gone}, as_="admin")
        assert (answer.status, answer.fields) == (400, {field})
