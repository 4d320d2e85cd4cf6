"""Drivers and users are never taken for each other: their sign-in and their tokens."""

import bcrypt
import jwt
import pytest

import handlers
from tests.api import Api
from tests.conftest import PASSWORD, SECRET
from tests.fleet.factories import DRIVERS, driver, login, signed_in
from tests.route_matrix import filled_path

LOGIN = "/api/fleet/auth/login"


async def test_the_documented_sign_in_gives_a_token_and_the_driver(api: Api) -> None:
    await driver(api, name="John Driver", username="driver123", password=PASSWORD)
    # Too easy to be given today, good enough for who has it since long ago.
    hashed = bcrypt.hashpw(b"password", bcrypt.gensalt(4)).decode()
    await api.sql("UPDATE driver SET password_hash = %(hash)s", "fleet", hash=hashed)
    answer = await api.post(LOGIN, {"username": "driver123", "password": "password"})
    assert answer.status == 200
    assert set(answer.json) == {"success", "token", "driver"}
    assert answer.json["driver"]["name"] == "John Driver"
    claims = jwt.decode(answer.json["token"], SECRET, ["HS256"], audience="sunshine-fleet")
    assert (claims["typ"], claims["role"]) == ("driver", "driver")


async def test_names_are_of_one_kind_only(api: Api) -> None:
    made, _ = await signed_in(api)
    assert (await login(api, "admin")).status == 401
    body = {"username": made["username"], "password": PASSWORD}
    assert (await api.post("/api/auth/login", body)).status == 401


async def test_a_driver_gets_their_own_account_and_out(api: Api) -> None:
    made, token = await signed_in(api, name="Dewi")
    account = (await api.get("/api/auth/account", as_=token)).data
    assert (account["id"], account["name"], account["role"]) == (made["id"], "Dewi", "driver")
    assert account["permissions"] == ["account:self", "fleet:self"]
    assert (await api.get("/api/auth/logout", as_=token)).status == 200
    assert (await api.get("/api/auth/account", as_=token)).status == 401


async def test_a_drivers_token_opens_no_users_route(api: Api) -> None:
    _, token = await signed_in(api)
    opens = []
    for route in handlers.routes:
        for method, guards in route.guards.items():
            if guards[0].name == "signed in":
                path = filled_path(route.path, *[1] * route.path.count("{"))
                answer = await api.call(method, path, as_=token)
                if answer.status != 403:
                    opens.append((method, route.path, answer.status))
    assert opens == []


async def test_driver_one_is_not_user_one(api: Api) -> None:
    made, token = await signed_in(api)
    user = jwt.decode(api.admin.token, options={"verify_signature": False})
    claims = jwt.decode(token, options={"verify_signature": False})
    await api.sql("UPDATE driver SET token_version = 0", "fleet")
    for changed in [
        {"typ": "user"},
        {"aud": "sunshine"},
        {"typ": "driver", "aud": "sunshine", "id": user["id"]},
        {"typ": "user", "aud": "sunshine-fleet", "id": user["id"]},
        {"typ": "admin"},
        {"aud": ["sunshine", "sunshine-fleet"]},
    ]:
        forged = jwt.encode(claims | changed, SECRET, "HS256")
        for path in ("/api/auth/account", f"{DRIVERS}/{made['id']}", "/api/users"):
            assert (await api.get(path, as_=forged)).status == 401, (changed, path)
    # Even signed by ourselves, with everything right but whose it is: another account, not theirs.
    as_user = jwt.encode(claims | {"typ": "user", "aud": "sunshine", "id": 2**31 - 1}, SECRET)
    assert (await api.get("/api/auth/account", as_=as_user)).status == 401


@pytest.mark.parametrize(
    ("method", "path", "statuses"),
    [
        ("GET", DRIVERS, {"employee": 403, "manager": 200, "hr": 403, "admin": 200}),
        ("GET", f"{DRIVERS}/:own", {"employee": 403, "manager": 200, "hr": 403, "admin": 200}),
        ("GET", "/api/fleet/vehicles", {"employee": 403, "manager": 200, "admin": 200}),
    ],
)
async def test_users_reach_the_fleet_by_permission(
    api: Api, method: str, path: str, statuses: dict[str, int]
) -> None:
    made, _ = await signed_in(api)
    for name, status in statuses.items():
        answer = await api.call(method, path.replace(":own", str(made["id"])), as_=name)
        assert answer.status == status, name


async def test_a_driver_reaches_no_other_driver(api: Api) -> None:
    other = await driver(api)
    _, token = await signed_in(api)
    for id_ in (other["id"], 2**31 - 1):
        for path in (f"{DRIVERS}/{id_}", f"{DRIVERS}/{id_}/location", f"{DRIVERS}/{id_}/locations"):
            assert (await api.get(path, as_=token)).status == 403
        assert (await api.put(f"{DRIVERS}/{id_}", {"phone": "1"}, as_=token)).status == 403


async def test_an_ended_driver_is_out_of_every_process(api: Api, second: Api) -> None:
    made, token = await signed_in(api)
    path = f"{DRIVERS}/{made['id']}"
    assert (await second.get(path, as_=token)).status == 200
    await api.put(path, {"status": "suspended"}, as_="admin")
    assert (await second.get(path, as_=token)).status == 401
