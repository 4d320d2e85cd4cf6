"""Failed sign-ins slow down whoever is a stranger to the account, and nobody else."""

import asyncio
from collections.abc import Iterable
from typing import Any

import jwt
import pytest
from limits import RateLimitItemPerDay, RateLimitItemPerSecond

from sunshine.core.principals import System
from sunshine.modules.cleanup import sweep
from sunshine.modules.fleet import driver_auth
from sunshine.modules.users import sessions, sign_ins
from sunshine.operations import rate_limits
from sunshine.web import sign_in_limits
from tests.api import Answer, Api
from tests.conftest import PASSWORD, SECRET, Now
from tests.fleet.factories import driver

LOGIN = "/api/auth/login"
FLEET = "/api/fleet/auth/login"
OFFICE, HOTEL = "203.0.113.7", "198.51.100.250"
WRONG = "wrong-password"


async def tried(
    api: Api,
    password: str = PASSWORD,
    *,
    name: str = "employee",
    address: str = HOTEL,
    token: str | None = None,
    path: str = LOGIN,
) -> Answer:
    body = {"username": name, "password": password}
    return await api.post(path, body, as_=token, headers={"X-Forwarded-For": address})


async def token(api: Api, **where: Any) -> str:
    answer = await tried(api, **where)
    assert answer.status == 200, answer.body
    return str(answer.json["token"])


def homes(number: int, each: int = 1) -> Iterable[str]:
    """So many addresses of strangers, one after the other, each so often."""
    return (f"192.0.2.{home}" for home in range(number) for _ in range(each))


async def failures(api: Api, addresses: Iterable[str], **what: Any) -> None:
    for address in addresses:
        assert (await tried(api, WRONG, address=address, **what)).status == 401


def slowed(answer: Answer, most: int = 60) -> bool:
    """Refused with an honest wait that is short."""
    assert answer.status in (200, 401, 429), answer.body
    if answer.status != 429:
        return False
    assert answer.code == "too_many_requests"
    wait = int(answer.headers["Retry-After"])
    assert 0 < wait <= most
    assert answer.headers["X-RateLimit-Remaining"] == "0"
    return True


@pytest.mark.parametrize(
    "strangers", [list(homes(50)), list(homes(5, each=10))], ids=["fifty", "five, ten times each"]
)
async def test_others_failures_do_not_keep_an_owner_out(limited: Api, strangers: list[str]) -> None:
    proof = await token(limited, address=OFFICE)
    await failures(limited, strangers)
    assert slowed(await tried(limited, address="192.0.2.200"))
    assert (await tried(limited, address=OFFICE)).status == 200
    assert (await tried(limited, token=proof)).status == 200


async def test_an_ipv6_home_is_one_network(limited: Api) -> None:
    await token(limited, address="2001:db8:1:2::1")
    await failures(limited, (f"2001:db8:9:{home:x}::{home:x}" for home in range(50)))
    assert slowed(await tried(limited, address="2001:db8:9:ffff::1"))
    assert (await tried(limited, address="2001:db8:1:2:aaaa:bbbb:cccc:dddd")).status == 200


async def test_who_is_slowed_gets_in_after_what_was_said(
    limited: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    few = rate_limits.LOGIN_FROM._replace(
        free=RateLimitItemPerSecond(2, 60), soon=RateLimitItemPerSecond(1, 1)
    )
    monkeypatch.setattr(sign_in_limits, "LOGIN_FROM", few)
    await failures(limited, [HOTEL] * 2)
    assert slowed(await tried(limited), most=1)
    await asyncio.sleep(1.05)
    assert (await tried(limited)).status == 200


async def test_a_day_of_failures_is_slower_still(
    limited: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        sign_in_limits, "LOGIN_NAME",
        rate_limits.LOGIN_NAME._replace(today=RateLimitItemPerDay(3, namespace="few")),
    )  # fmt: skip
    await failures(limited, homes(3))
    answer = await tried(limited, address="192.0.2.99")
    assert slowed(answer)
    assert int(answer.headers["Retry-After"]) > 50


async def test_guesses_of_a_day_are_few_however_many_guess() -> None:
    """What docs/decisions/0032 promises: free ones, then one a minute."""
    brake = rate_limits.LOGIN_NAME
    assert brake.free.amount == 50
    assert brake.today.amount + 86400 // brake.late.get_expiry() == 1540


async def test_an_account_is_one_whatever_it_is_called(limited: Api) -> None:
    names = ["employee", "EMPLOYEE", " employee ", "employee@example.com", "Employee@Example.COM"]
    for name in names * 2:
        assert (await tried(limited, WRONG, name=name)).status == 401
    for name in names:
        assert slowed(await tried(limited, name=name)), name
    assert (await tried(limited, name="manager")).status == 200


@pytest.mark.parametrize("name", ["employee", "nobody-at-all", "gone"])
async def test_no_account_is_counted_as_one(limited: Api, name: str) -> None:
    """Under its name and the same name as an email address; nothing tells the three apart."""
    await limited.sql(
        "INSERT INTO users (username, name, email, role, active, password_hash)"
        " VALUES ('gone', 'G', 'gone@example.com', 'employee', false, '!')"
    )
    heard = []
    for spelling in [name] * 5 + [f"{name}@example.com"] * 5:
        answer = await tried(limited, WRONG, name=spelling)
        heard.append((answer.status, answer.headers["X-RateLimit-Remaining"]))
    assert heard == [(401, str(left)) for left in range(99, 89, -1)]
    for spelling in (name, name.upper(), f"{name}@example.com", f"{name}@elsewhere.example"):
        answer = await tried(limited, WRONG, name=spelling)
        assert slowed(answer), spelling
        assert answer.headers["X-RateLimit-Limit"] == "10"


async def test_one_address_cannot_try_everybody(limited: Api) -> None:
    for number in range(100):
        assert (await tried(limited, WRONG, name=f"person{number}")).status == 401
    assert slowed(await tried(limited, WRONG, name="person100"), most=5)
    assert slowed(await tried(limited), most=5)
    assert (await tried(limited, address=OFFICE)).status == 200


async def test_a_neighbour_in_the_office_keeps_nobody_out(limited: Api) -> None:
    await token(limited, address=OFFICE)
    proof = await token(limited, name="manager", address=OFFICE)
    for number in range(100):
        await tried(limited, WRONG, name=f"person{number}", address=OFFICE)
    assert (await tried(limited, address=OFFICE)).status == 200
    # Who fails with one's own name, in one's own office, is told apart by the device only.
    await failures(limited, [OFFICE] * 10, name="manager")
    assert slowed(await tried(limited, name="manager", address=OFFICE))
    assert (await tried(limited, name="manager", address=OFFICE, token=proof)).status == 200


async def test_fifty_at_once_are_no_more_than_ten(limited: Api) -> None:
    answers = await asyncio.gather(*(tried(limited, WRONG) for _ in range(50)))
    assert sorted(answer.status for answer in answers) == [401] * 10 + [429] * 40


async def test_who_succeeds_is_not_counted(limited: Api) -> None:
    for number in range(60):
        assert (await tried(limited, address=f"192.0.2.{number}")).status == 200
    assert (await tried(limited, WRONG)).status == 401


class TestProof:
    """An earlier token, shown with the sign-in."""

    async def test_ended_ones_count_too(self, limited: Api, now: Now) -> None:
        signed_out = await token(limited, address=OFFICE)
        assert (await limited.get("/api/auth/logout", as_=signed_out)).status == 200
        expired = await token(limited, address=OFFICE)
        now.shift(days=170)
        await failures(limited, homes(50))
        assert slowed(await tried(limited))
        for shown, address in ((signed_out, "192.0.2.101"), (expired, "192.0.2.102")):
            assert (await limited.get("/api/auth/account", as_=shown)).status == 401
            assert (await tried(limited, address=address, token=shown)).status == 200

    async def test_old_ones_others_and_made_up_ones_do_not(self, limited: Api, now: Now) -> None:
        old = await token(limited, address=OFFICE)
        now.shift(days=182)
        mine = await token(limited, address=OFFICE)
        claims = jwt.decode(mine, options={"verify_signature": False})
        forged = jwt.encode(claims, "another-secret-that-is-long-enough-too")
        as_driver = jwt.encode({**claims, "typ": "driver", "aud": "sunshine-fleet"}, SECRET)
        await failures(limited, homes(50))
        for shown in (old, limited.manager.token, forged, as_driver, "rubbish", "x" * 3000):
            assert slowed(await tried(limited, token=shown)), shown
        assert (await tried(limited, token=mine)).status == 200

    async def test_a_new_password_or_a_deactivation_ends_it(self, limited: Api) -> None:
        proof = await token(limited, address=OFFICE)
        path = f"/api/users/{limited.employee.user_id}"
        for change in ({"active": False}, {"active": True}):
            assert (await limited.put(path, change, as_="admin")).status == 200
        await failures(limited, homes(50))
        assert slowed(await tried(limited, token=proof))

    async def test_it_guesses_as_seldom_as_anybody(self, limited: Api) -> None:
        proof = await token(limited, address=OFFICE)
        for address in homes(10):
            assert (await tried(limited, WRONG, address=address, token=proof)).status == 401
        # From wherever; and the owner's other devices, and networks, do not notice.
        assert slowed(await tried(limited, address="192.0.2.77", token=proof))
        assert (await tried(limited, address=OFFICE)).status == 200

    async def test_it_opens_nothing(self, limited: Api) -> None:
        assert (await tried(limited, WRONG, token=limited.employee.token)).status == 401


class TestKnownNetworks:
    """From where an account signed in before."""

    async def known(self, api: Api) -> list[str]:
        rows = await api.sql("SELECT network FROM known_network ORDER BY last_at, network")
        return [row["network"] for row in rows]

    async def test_they_are_the_latest_twenty(self, limited: Api) -> None:
        for number in range(25):
            await token(limited, address=f"192.0.2.{number}")
        await token(limited, address="192.0.2.5")
        assert await self.known(limited) == [
            *(f"192.0.2.{number}" for number in range(6, 25)), "192.0.2.5",
        ]  # fmt: skip

    async def test_many_at_once_stay_few(self, limited: Api, no_deadlock: None) -> None:
        addresses = [f"192.0.2.{number % 30}" for number in range(45)]
        answers = await asyncio.gather(*(tried(limited, address=each) for each in addresses))
        assert {answer.status for answer in answers} == {200}
        await token(limited, address="192.0.2.1")
        assert len(await self.known(limited)) == sign_ins.KNOWN_NETWORKS

    async def test_they_are_forgotten_after_half_a_year(self, limited: Api, now: Now) -> None:
        await token(limited, address=OFFICE)
        now.shift(days=181)
        await failures(limited, homes(50))
        assert slowed(await tried(limited, address=OFFICE))
        database = limited.app.databases.sunshine
        async with database.transaction(System()) as tx:
            assert (await sweep(tx))["networks"] == 1
        assert await self.known(limited) == []

    async def test_a_failure_makes_none(self, limited: Api) -> None:
        await tried(limited, WRONG)
        assert await self.known(limited) == []


class TestLiftingALock:
    """By whoever may."""

    async def locked(self, api: Api) -> None:
        await failures(api, homes(5, each=10))
        assert slowed(await tried(api))

    @pytest.mark.parametrize("name", ["employee", "Employee@example.com"])
    async def test_unlocking_lifts_it_in_every_process(self, limited: Api, name: str) -> None:
        await self.locked(limited)
        async with limited.app.databases.sunshine.transaction(System("cli:root")) as tx:
            assert (await sessions.unlock(tx, username=name))["username"] == "employee"
        assert (await tried(limited)).status == 200
        assert (await tried(limited, address="192.0.2.1")).status == 200
        rows = await limited.sql("SELECT entity_id FROM event WHERE type = 'user_unlocked'")
        assert rows == [{"entity_id": limited.employee.user_id}]

    async def test_a_new_password_from_an_admin_lifts_it(self, limited: Api) -> None:
        await self.locked(limited)
        path = f"/api/users/{limited.employee.user_id}"
        change = {"password": "brand-new-words-7"}
        assert (await limited.put(path, change, as_="admin")).status == 200
        assert (await tried(limited, "brand-new-words-7")).status == 200

    async def test_another_change_does_not(self, limited: Api) -> None:
        await self.locked(limited)
        path = f"/api/users/{limited.employee.user_id}"
        assert (await limited.put(path, {"name": "E. Person"}, as_="admin")).status == 200
        assert slowed(await tried(limited))


class TestDrivers:
    """The same for them, apart from users of the same name."""

    async def test_others_failures_do_not_keep_one_out(self, limited: Api) -> None:
        await driver(limited, username="employee", password=PASSWORD)
        proof = await token(limited, path=FLEET, address=OFFICE)
        await failures(limited, homes(50), path=FLEET)
        assert slowed(await tried(limited, path=FLEET))
        assert (await tried(limited, path=FLEET, address=OFFICE)).status == 200
        assert (await tried(limited, path=FLEET, token=proof)).status == 200
        as_user = await tried(limited, path=FLEET, address="192.0.2.99", token=limited.admin.token)
        assert slowed(as_user)
        assert (await tried(limited)).status == 200

    async def test_unlocking_lifts_it(self, limited: Api) -> None:
        await driver(limited, username="budi", password=PASSWORD)
        await failures(limited, homes(50), path=FLEET, name="budi")
        assert slowed(await tried(limited, path=FLEET, name="budi"))
        async with limited.app.databases["fleet"].transaction(System("cli:root")) as tx:
            assert (await driver_auth.unlock(tx, username="Budi"))["username"] == "budi"
        assert (await tried(limited, path=FLEET, name="budi")).status == 200

    async def test_new_credentials_lift_a_lock(self, limited: Api) -> None:
        made = await driver(limited, username="budi", password=PASSWORD)
        await failures(limited, homes(50), path=FLEET, name="budi")
        assert slowed(await tried(limited, path=FLEET, name="budi"))
        path = f"/api/fleet/drivers/{made['id']}/credentials"
        body = {"username": "budi", "password": PASSWORD}
        assert (await limited.post(path, body, as_="admin")).status == 200
        assert (await tried(limited, path=FLEET, name="budi")).status == 200


async def test_reads_of_what_is_public_never_touch_signing_in(limited: Api) -> None:
    for _ in range(110):
        answer = await limited.get("/api/static/cms/none.png", headers={"X-Forwarded-For": HOTEL})
        assert answer.status == 404
    assert answer.headers["X-RateLimit-Limit"] == "20000"
    # Nor do a stranger's other calls, which are too many by now.
    for _ in range(101):
        answer = await limited.get("/api/employees", headers={"X-Forwarded-For": HOTEL})
    assert answer.status == 429
    assert (await tried(limited)).status == 200


async def test_with_limits_off_nobody_is_slowed(api: Api) -> None:
    for _ in range(15):
        assert (await tried(api, WRONG)).status == 401
