"""Rate limits: who is counted as what, and what one too many is told."""

import asyncio
import random
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from limits import RateLimitItemPerSecond
from limits.aio.storage import MemoryStorage
from tornado.ioloop import IOLoop

from sunshine.core.errors import TooMany
from sunshine.core.settings import Settings
from sunshine.operations import rate_limits as rates
from sunshine.web import rate_limits as limiting
from sunshine.web import sign_in_limits
from tests.api import Api
from tests.conftest import PASSWORD, Now, serve
from tests.fleet.factories import signed_in


async def _sign_in(api: Api, name: str, password: str = PASSWORD, **options: Any) -> Any:
    return await api.post("/api/auth/login", {"username": name, "password": password}, **options)


async def test_it_refuses_a_stranger_the_101st_call(limited: Api) -> None:
    for number in range(100):
        answer = await limited.get("/api/employees")
        assert answer.status == 401
        assert answer.headers["X-RateLimit-Limit"] == "100"
        assert answer.headers["X-RateLimit-Remaining"] == str(99 - number)
    refused = await limited.get("/api/employees")
    assert refused.status == 429
    assert refused.code == "too_many_requests"
    assert refused.headers["X-RateLimit-Remaining"] == "0"
    wait = int(refused.headers["Retry-After"])
    assert 800 < wait <= 901
    assert abs(int(refused.headers["X-RateLimit-Reset"]) - time.time() - wait) < 3


async def test_its_retry_after_is_true(limited: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limiting, "STRANGER", RateLimitItemPerSecond(2, 2))
    answers = [await limited.get("/api/employees") for _ in range(3)]
    assert [answer.status for answer in answers] == [401, 401, 429]
    await asyncio.sleep(int(answers[-1].headers["Retry-After"]))
    assert (await limited.get("/api/employees")).status == 401


async def test_it_counts_the_signed_in_as_themselves(
    limited: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limited.app.application.rates, "user", RateLimitItemPerSecond(3, 60))
    monkeypatch.setattr(limiting, "STRANGER", RateLimitItemPerSecond(1, 60))
    first = await limited.get("/api/auth/account", as_="employee")
    assert (first.status, first.headers["X-RateLimit-Remaining"]) == (200, "2")
    for _ in range(2):
        assert (await limited.get("/api/auth/account", as_="employee")).status == 200
    assert (await limited.get("/api/auth/account", as_="employee")).status == 429
    assert (await limited.get("/api/auth/account", as_="manager")).status == 200
    assert (await limited.get("/api/auth/account")).status == 401


async def test_the_signed_in_have_a_thousand_calls_an_hour(limited: Api) -> None:
    answer = await limited.get("/api/auth/account", as_="admin")
    assert answer.headers["X-RateLimit-Limit"] == "1000"
    assert answer.headers["X-RateLimit-Remaining"] == "999"
    assert int(answer.headers["X-RateLimit-Reset"]) - time.time() <= 3601


async def test_an_office_signs_in_from_one_address(limited: Api) -> None:
    for _ in range(250):
        assert (await _sign_in(limited, "employee")).status == 200


async def test_it_throttles_failures_by_name_and_address(limited: Api) -> None:
    for name in ("employee", "nobody-at-all"):
        for _ in range(10):
            assert (await _sign_in(limited, name, "wrong-password")).status == 401
        assert (await _sign_in(limited, name, "wrong-password")).status == 429
    # Not even the right password, which would tell the guesser that it is.
    assert (await _sign_in(limited, "EMPLOYEE")).status == 429
    assert (await _sign_in(limited, "manager")).status == 200


async def test_it_throttles_failures_by_name_from_everywhere(
    limited: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    few = rates.LOGIN_NAME._replace(free=RateLimitItemPerSecond(5, 60))
    monkeypatch.setattr(sign_in_limits, "LOGIN_NAME", few)
    for number in range(5):
        elsewhere = {"X-Forwarded-For": f"198.51.100.{number}"}
        answer = await _sign_in(limited, "employee", "wrong-password", headers=elsewhere)
        assert answer.status == 401
    elsewhere = {"X-Forwarded-For": "198.51.100.99"}
    assert (await _sign_in(limited, "employee", headers=elsewhere)).status == 429


async def test_it_throttles_guesses_of_ones_own_password(limited: Api) -> None:
    path = f"/api/users/{limited.employee.user_id}"
    guess = {"password": "another-one-1", "currentPassword": "wrong-password"}
    for _ in range(10):
        assert (await limited.put(path, guess, as_="employee")).status == 400
    assert (await limited.put(path, guess, as_="employee")).status == 429


async def test_behind_a_trusted_proxy_each_client_has_a_bucket(
    limited: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limiting, "STRANGER", RateLimitItemPerSecond(1, 60))
    for client in ("203.0.113.1", "203.0.113.2"):
        answers = [
            await limited.get("/api/employees", headers={"X-Forwarded-For": client})
            for _ in range(2)
        ]
        assert [answer.status for answer in answers] == [401, 429]


async def test_a_spoofed_address_changes_nothing(
    settings: Settings, io_loop: IOLoop, now: Now, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limiting, "STRANGER", RateLimitItemPerSecond(1, 60))
    alone = replace(settings, rate_limit_enabled=True, trusted_proxies=())
    from server import make_app

    app = make_app(alone, now)
    request: Any = type("Request", (), {"remote_ip": "198.51.100.7", "headers": {}})()
    request.headers = {"X-Forwarded-For": "203.0.113.9", "X-Real-IP": "203.0.113.9"}
    assert app.application.client_address(request) == "198.51.100.7"
    app.passwords.close()


@pytest.mark.parametrize("path", ["/", "/healthz", "/readyz"])
async def test_it_does_not_count_what_watchdogs_ask(
    limited: Api, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    monkeypatch.setattr(limiting, "STRANGER", RateLimitItemPerSecond(1, 60))
    for _ in range(3):
        answer = await limited.get(path)
        assert answer.status == 200
        assert "X-RateLimit-Limit" not in answer.headers


async def test_whoever_guesses_vouchers_is_slowed_down(limited: Api) -> None:
    path, body = "/api/onapps/vouchers/validate", {"code": "GUESS", "orderAmount": 1}
    for _ in range(30):
        assert (await limited.post(path, body, as_="employee")).status == 200
    refused = await limited.post(path, body, as_="employee")
    assert (refused.status, refused.code) == (429, "too_many_requests")
    assert 0 < int(refused.headers["Retry-After"]) <= 61
    assert (await limited.post(path, body, as_="manager")).status == 200


async def test_redeeming_counts_as_asking_does(limited: Api) -> None:
    asked, used = "/api/onapps/vouchers/validate", "/api/onapps/vouchers/redeem"
    guess = {"code": "GUESS", "orderAmount": 1}
    for number in range(15):
        assert (await limited.post(asked, guess, as_="employee")).status == 200
        answer = await limited.post(used, {**guess, "orderRef": f"R{number}"}, as_="employee")
        assert answer.status == 409
    for path, body in ((asked, guess), (used, {**guess, "orderRef": "R15"})):
        assert (await limited.post(path, body, as_="employee")).status == 429


async def test_a_map_of_the_fleet_does_not_use_up_the_calls(limited: Api) -> None:
    """20 drivers every 30 seconds, for an hour: 2,400 reads."""
    assert limited.app.application.rates.fleet_reads.amount >= 8 * 2400
    for path in ("drivers", "drivers/1", "drivers/1/location", "drivers/1/locations", "vehicles"):
        answer = await limited.get(f"/api/fleet/{path}", as_="manager")
        assert answer.headers["X-RateLimit-Limit"] == "20000", path
    assert answer.headers["X-RateLimit-Remaining"] == "19995"
    other = await limited.get("/api/positions", as_="manager")
    assert other.headers["X-RateLimit-Remaining"] == "999"
    change = await limited.post("/api/fleet/drivers", {}, as_="admin")
    assert change.headers["X-RateLimit-Limit"] == "1000"


async def test_a_driver_reports_once_a_second(limited: Api) -> None:
    made, token = await signed_in(limited)
    path = f"/api/fleet/drivers/{made['id']}/location"
    answer = await limited.get(path, as_=token)
    assert answer.headers["X-RateLimit-Limit"] == "3600"
    answer = await limited.get("/api/auth/account", as_=token)
    assert answer.headers["X-RateLimit-Remaining"] == "3598"


@pytest.fixture
def public(settings: Settings, io_loop: IOLoop, now: Now, api: Api) -> Iterator[Api]:
    """A server that counts, whose content is for everybody."""
    yield from serve(replace(settings, rate_limit_enabled=True, cms_public_read=True), io_loop, now)


async def test_what_is_public_has_buckets_of_its_own(public: Api) -> None:
    for path, most in (
        ("/api/cms/blog", "6000"), ("/api/docs", "6000"), ("/api/openapi.json", "6000"),
        ("/api/static/cms/none.png", "20000"), ("/api/static/onapps/none.png", "20000"),
    ):  # fmt: skip
        assert (await public.get(path)).headers["X-RateLimit-Limit"] == most, path
    kept = await public.get("/api/cms/blog", headers={"If-None-Match": "*"})
    assert (kept.status, kept.headers["X-RateLimit-Remaining"]) == (304, "5996")


@pytest.mark.parametrize(
    "path", ["/api/temp/no-such-file", "/api/static/employee/photo/x.png?e=1&s=x"]
)
async def test_guesses_of_files_are_few(limited: Api, path: str) -> None:
    for left in range(99, -1, -1):
        answer = await limited.get(path)
        assert answer.headers["X-RateLimit-Remaining"] == str(left)
    assert (await limited.get(path)).status == 429


@pytest.fixture
def strict(settings: Settings, io_loop: IOLoop, now: Now, api: Api) -> Iterator[Api]:
    """A server with other limits."""
    limits = replace(settings.limits, user=7, public_files=9)
    changed = replace(settings, rate_limit_enabled=True, limits=limits)
    for made in serve(changed, io_loop, now):
        made.cast = api.cast
        yield made


async def test_the_limits_are_settings(strict: Api) -> None:
    answer = await strict.get("/api/positions", as_="employee")
    assert answer.headers["X-RateLimit-Limit"] == "7"
    answer = await strict.get("/api/static/cms/none.png")
    assert answer.headers["X-RateLimit-Limit"] == "9"


async def test_a_large_sign_in_is_a_strangers_call(limited: Api) -> None:
    answer = await _sign_in(limited, "employee", "x" * 5000)
    assert answer.headers["X-RateLimit-Limit"] == "100"
    stranger = await limited.get("/api/employees")
    assert stranger.headers["X-RateLimit-Remaining"] == "98"


async def test_it_can_be_switched_off(api: Api) -> None:
    assert "X-RateLimit-Limit" not in (await api.get("/api/employees")).headers


async def test_nobody_is_refused_while_the_counters_are_away(
    settings: Settings, io_loop: IOLoop, now: Now, api: Api
) -> None:
    away = replace(settings, rate_limit_enabled=True, rate_limit_storage="redis://127.0.0.1:1")
    counters = rates.Rates(away)
    assert await counters.count(rates.STRANGER, "somebody") is None
    assert await counters.attempt(rates.LOGIN_FROM, "somebody") == []
    await counters.uncount([(rates.LOGIN_FROM.free, ("somebody",))])
    assert await counters.within(rates.TRAIL_ALL)
    assert await counters.take_unrecorded("somebody") == 0


@pytest.mark.parametrize(
    ("address", "bucket"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ("2001:db8:1:2:ffff::", "2001:db8:1:2::"),
        ("not an address", "not an address"),
    ],
)
def test_an_ipv6_customer_is_one_address(address: str, bucket: str) -> None:
    assert rates.bucket(address) == bucket


async def test_counters_that_ended_are_swept(
    settings: Settings, io_loop: IOLoop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rates, "SWEEP_EVERY", 10)
    counters = rates.Rates(replace(settings, rate_limit_enabled=True))
    brief = RateLimitItemPerSecond(1, 1)
    for number in range(9):
        await counters.count(brief, str(number))
    await asyncio.sleep(1.1)
    await counters.count(brief, "last")
    assert set(counters._storage.expirations) == {brief.key_for("last")}  # type: ignore[attr-defined]


class _FarAway(MemoryStorage):
    """Counters of another machine: others are served between any two questions, in any order."""

    _random = random.Random(14)

    async def _wait(self) -> None:
        for _ in range(self._random.randrange(20)):
            await asyncio.sleep(0)

    async def get(self, key: str) -> int:
        await self._wait()
        return await super().get(key)

    async def incr(self, key: str, expiry: float, amount: int = 1) -> int:
        await self._wait()
        return await super().incr(key, expiry, amount)


@pytest.mark.parametrize("before", [0, 5, 9, 10, 45, 49, 50])
async def test_of_guesses_at_once_no_more_pass_than_may(settings: Settings, before: int) -> None:
    counters = rates.Rates(replace(settings, rate_limit_enabled=True))
    counters._storage = _FarAway()
    brake = rates.LOGIN_FROM
    item, caller = brake.free, ("network", "account")
    free = before if before < item.amount else item.amount
    await counters._storage.incr(item.key_for(*caller), item.get_expiry(), free)
    await counters._storage.incr(brake.today.key_for(*caller), 86400, before)

    async def passes() -> bool:
        try:
            await counters.attempt(brake, *caller)
        except TooMany:
            return False
        return True

    passed = sum(await asyncio.gather(*(passes() for _ in range(64))))
    assert passed == (10 - before if before < 10 else 1)
