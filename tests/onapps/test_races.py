"""Many at once with one voucher: its limits hold, whoever comes first."""

import asyncio
import time
from collections import Counter

import psycopg
import pytest

from sunshine.database.connections import conninfo
from tests.api import Answer, Api
from tests.factories import steps
from tests.onapps.factories import VOUCHERS, redeem, validate, voucher

pytestmark = pytest.mark.usefixtures("no_deadlock")

WAITS = "SELECT 1 FROM pg_stat_activity WHERE %(pid)s = ANY (pg_blocking_pids(pid))"


async def test_a_release_gives_exactly_one_back(api: Api) -> None:
    await voucher(api, usageLimit=1)
    used = (await redeem(api, "SAVE20", 100, "o-1")).data
    path = f"{VOUCHERS}/redemptions/{used['id']}/release"
    assert (await api.post(path, as_="employee")).status == 403
    answers = await asyncio.gather(*(api.post(path, as_="admin") for _ in range(10)))
    assert Counter(answer.status for answer in answers) == {200: 1, 409: 9}
    assert await api.sql("SELECT used FROM voucher") == [{"used": 0}]
    assert (await redeem(api, "SAVE20", 100, "o-1")).status == 200


async def test_of_two_hundred_redeemers_ten_get_the_ten(api: Api) -> None:
    for number in range(2):
        code = f"TEN{number}"
        made = await voucher(api, code=code, usageLimit=10)
        answers = await asyncio.gather(*(redeem(api, code, 100, f"o-{n}") for n in range(200)))
        assert Counter(answer.status for answer in answers) == {200: 10, 409: 190}
        [row] = await api.sql(
            "SELECT used, (SELECT count(*) FROM voucher_redemption r WHERE r.voucher_id = v.id)"
            " AS rows FROM voucher v WHERE id = %(id)s",
            id=made["id"],
        )
        assert row == {"used": 10, "rows": 10}


async def test_one_order_redeems_once_however_often_it_asks(api: Api) -> None:
    await voucher(api, usageLimit=50)
    answers = await asyncio.gather(*(redeem(api, "SAVE20", 100, "same") for _ in range(30)))
    assert Counter(answer.status for answer in answers) == {200: 1, 409: 29}
    assert {answer.code for answer in answers if answer.status == 409} == {"already_redeemed"}
    assert await api.sql("SELECT used FROM voucher") == [{"used": 1}]


async def test_a_customers_limit_holds_under_a_race(api: Api) -> None:
    await voucher(api, perCustomerLimit=2)
    assert (await redeem(api, "SAVE20", 100, "o")).code == "voucher_customer_required"
    answers = await asyncio.gather(
        *(redeem(api, "SAVE20", 100, f"o-{n}", customerId=n % 3 + 1) for n in range(30))
    )
    assert Counter(answer.status for answer in answers) == {200: 6, 409: 24}
    rows = await api.sql("SELECT customer_id, count(*) AS n FROM voucher_redemption GROUP BY 1")
    assert {row["customer_id"]: row["n"] for row in rows} == {1: 2, 2: 2, 3: 2}
    assert await api.sql("SELECT used FROM voucher") == [{"used": 6}]
    told = await validate(api, "SAVE20", 100, customerId=1)
    assert told["reason"] == "customer_limit"


async def test_releases_and_redemptions_keep_the_count(api: Api) -> None:
    made = await voucher(api, usageLimit=10)
    held = [(await redeem(api, "SAVE20", 100, f"old-{n}")).data for n in range(10)]

    async def one(number: int) -> Answer:
        if number % 2:
            path = f"{VOUCHERS}/redemptions/{held[number // 2 % 10]['id']}/release"
            return await api.post(path, as_="admin")
        # Half of them for an order whose redemption is being released.
        name = "old" if number % 4 else "new"
        return await redeem(api, "SAVE20", 100, f"{name}-{number // 2 % 10}")

    answers = await asyncio.gather(*(one(number) for number in range(100)))
    assert {answer.status for answer in answers} <= {200, 409}
    released = Counter(answer.status for answer in answers[1::2])
    assert released == {200: 10, 409: 40}
    [row] = await api.sql(
        "SELECT used, (SELECT count(*) FROM voucher_redemption r WHERE r.voucher_id = v.id"
        " AND released_at IS NULL) AS rows FROM voucher v WHERE id = %(id)s",
        id=made["id"],
    )
    won = sum(answer.status == 200 for answer in answers[::2])
    assert row == {"used": won, "rows": won}


async def test_terms_that_change_meanwhile_are_those_that_hold(api: Api) -> None:
    """Whoever waited for the voucher's row is judged by what it says then."""
    made = await voucher(api)
    settings = api.app.settings.databases["sunshine"]
    async with await psycopg.AsyncConnection.connect(conninfo(settings)) as connection:
        await connection.execute(
            "UPDATE voucher SET discount_value = 50 WHERE id = %s", [made["id"]]
        )
        waiting = asyncio.create_task(redeem(api, "SAVE20", 100, "o-1"))
        deadline = time.monotonic() + 2
        while not await api.sql(WAITS, pid=connection.info.backend_pid):
            assert time.monotonic() < deadline
            await asyncio.sleep(0.01)
        await connection.commit()
    assert (await waiting).data["discount"] == 50


async def test_changes_follow_one_another(api: Api) -> None:
    path = f"{VOUCHERS}/{(await voucher(api, maxDiscount=100))['id']}"
    changes = [api.put(path, {"maxDiscount": n}, as_="admin") for n in range(1, 11)]
    assert {answer.status for answer in await asyncio.gather(*changes)} == {200}
    values = await steps(api, "voucher_updated", "maxDiscount")
    assert (len(values), values[0]) == (11, 100)
    answers = await asyncio.gather(*(api.delete(path, as_="admin") for _ in range(5)))
    assert Counter(answer.status for answer in answers) == {200: 1, 404: 4}
    assert (await api.events()).count("voucher_deleted") == 1
