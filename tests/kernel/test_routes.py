"""Who may call what: the route table against docs/authorization.md, every route as every caller."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jwt
import pytest

import handlers
from sunshine.core.principals import (
    DRIVER,
    GRANTABLE,
    ROLE_PERMISSIONS,
    SCOPES,
    Principal,
    permissions_of,
)
from sunshine.web.guards import (
    Guard,
    allowed_address,
    any_principal,
    content_reader,
    feed_reader,
    public,
    query,
    requires_permission,
    signed_in,
    signed_url,
)
from sunshine.web.handler import Handler
from sunshine.web.routes import METHODS, Route, RouteTable
from sunshine.web.sockets import SocketRoute
from tests.api import Answer, Api, Person
from tests.cases import every
from tests.conftest import PASSWORD, PASSWORD_HASH, SECRET
from tests.files.forms import FORM, form, part
from tests.route_matrix import (
    MISSING,
    body_of,
    endpoints,
    filled,
    filled_path,
    known_values,
    name_of,
    required_query,
    stored,
)
from tests.row_factories import made_for, new_row

PAGE = Path(__file__).parents[2] / "docs" / "authorization.md"
COLUMNS = ("anon", "employee", "manager", "hr", "admin", "driver")
CALLERS = {  # of the cast, by their column
    "employee": "employee",
    "stranger": "employee",
    "outsider": "employee",
    "manager": "manager",
    "hr": "hr",
    "admin": "admin",
}
# What the words of the page cannot say: another status than the column's for one's own row ...
OWN_ROW = {("DELETE", "/api/users/:id"): 409}
# ... or for others' rows, although the caller sees them ...
OTHERS_ROW = {("PUT", "/api/branding-approval/:id"): 403}
# ... or for a missing row below one's own, which is another's for all that one may know ...
_RESERVATION = "/api/asset-management/inventory/:id/reservations/:id"
BELOW = {("DELETE", _RESERVATION): {"O": 403, "T": 403}}
# ... a success that is no creation, although it is a POST ...
NOT_CREATED = {
    "/api/auth/login",
    "/api/auth/logout",
    "/api/upload/temp",
    "/api/employees/import",
    "/api/branding-approval/{request_id}/review",
    "/api/tickets/{ticket_id}/assign",
    "/api/tickets/{ticket_id}/close",
    "/api/tickets/{ticket_id}/merge",
    "/api/tickets/{ticket_id}/rating",
    "/api/tickets/{ticket_id}/watch",
    "/api/asset-management/inventory/{asset_id}/assign",
    "/api/asset-management/inventory/{asset_id}/return",
    "/api/fleet/auth/login",
    "/api/fleet/drivers/{driver_id}/credentials",
    "/api/fleet/drivers/{driver_id}/location",
    "/api/fleet/drivers/{driver_id}/locations",
    "/api/sales/{sale_id}/void",
    "/api/onapps/vouchers/validate",
    "/api/onapps/vouchers/redeem",
    "/api/onapps/vouchers/redemptions/{redemption_id}/release",
    "/api/leave/{leave_id}/cancel",
    "/api/leave/approval/{leave_id}",
    "/api/permit/{permit_id}/cancel",
    "/api/permit/approval/{permit_id}",
    "/api/attendance/check-out",
    "/api/cms/blog/{id_}/revert",
}
# ... a row of the caller's employee, which somebody without one cannot make ...
FOR_EMPLOYEES = {
    ("POST", "/api/meeting-rooms/schedule"),
    ("POST", "/api/attendance/check-in"),
    ("POST", "/api/attendance/check-out"),
    ("POST", "/api/branding-approval"),
    ("POST", "/api/asset-management/inventory/{asset_id}/reservations"),
    ("POST", "/api/leave/apply"),
    ("POST", "/api/permit/apply"),
    ("POST", "/api/sales"),
    ("POST", "/api/tickets"),
}
# ... and what a caller may send where the schema takes more from others.
BODIES: dict[tuple[str, str], dict[str, Any]] = {
    ("POST", "/api/auth/login"): {"username": "employee", "password": PASSWORD},
    ("PUT", "/api/users/:id"): {"name": "Another Name"},
    ("PUT", "/api/employees/:id"): {"phone": "+62 1"},
    ("POST", "/api/asset-management/tracking/:id"): {"latitude": -6.2, "longitude": 106.8},
    ("POST", "/api/attendance/check-in"): {"notes": "By bicycle"},
    ("POST", "/api/attendance/check-out"): {"notes": "By bicycle"},
    ("POST", "/api/leave/apply"): {
        "leaveType": "annual",
        "startDate": "2024-02-01",
        "endDate": "2024-02-05",
        "reason": "Family vacation",
    },
    ("POST", "/api/leave/approval/:id"): {"action": "approve"},
    ("POST", "/api/permit/apply"): {
        "date": "2024-01-15",
        "startTime": "09:00",
        "endTime": "11:00",
        "reason": "Doctor",
        "type": "sick",
    },
    ("POST", "/api/permit/approval/:id"): {"action": "approve"},
}
# What must be there before it can be done: a row of the caller's.
NEEDED = {"/api/attendance/check-out": "attendance"}
# The guards that let somebody in, which every route shares: all that one does with a token is seen
# at one route of each, and at every route that it is there.
DOORS = (
    public, allowed_address, signed_url, feed_reader, signed_in, any_principal, content_reader,
)  # fmt: skip
every_endpoint = pytest.mark.parametrize(("route", "method"), endpoints(), ids=name_of)


def endpoint_of(door: Guard) -> tuple[Route, str]:
    """The first endpoint that a guard lets somebody in to; one that changes something if any."""
    found = [(route, method) for route, method in endpoints() if route.guards[method][0] is door]
    return min(found, key=lambda endpoint: endpoint[1] == "GET")


def shape(path: str) -> str:
    """A path with `:id` for every parameter, however it is written."""
    return re.sub(r"\{\w+(:\w+)?\}|:\w+", ":id", path)


def tables() -> list[list[list[str]]]:
    """The tables of the page, each a list of rows of cells."""
    found: list[list[list[str]]] = [[]]
    for line in PAGE.read_text(encoding="utf-8").splitlines():
        if line.startswith("|"):
            found[-1].append([cell.strip() for cell in line.strip("|").split("|")])
        elif found[-1]:
            found.append([])
    return [table[2:] for table in found if table]


def named_by(cell: str) -> list[tuple[str, str]]:
    """The endpoints of a cell such as `GET /api/a, /:id°` or `POST, PUT /api/b+`."""
    words = [word.strip("°+,") for word in cell.split()]
    found: list[tuple[str, str]] = []
    methods: list[str] = []
    base, naming = "", False
    for word in words:
        if word in METHODS:
            methods, naming = ([*methods, word] if naming else [word]), True
        elif word.startswith("/"):
            base, naming = (base if word.startswith("/:") else word), False
            path = shape(base + word if word.startswith("/:") else word)
            found += [(method, path) for method in methods]
            if not path.endswith(":id"):
                found += [(m, f"{path}/:id") for m in methods if m in ("PUT", "DELETE")]
    return found


def matrix() -> dict[tuple[str, str], dict[str, str]]:
    """What the page says of each endpoint, by column."""
    said: dict[tuple[str, str], dict[str, str]] = {}
    for row in tables()[1]:
        for endpoint in named_by(row[0]):
            # A later row may be about a part of an earlier one's; the first is the more general.
            said.setdefault(endpoint, dict(zip(COLUMNS, row[1:7], strict=True)))
    return said


MATRIX = matrix()


@dataclass(frozen=True)
class Target:
    """What is asked for: ids for a path, and whose they are: own, team, other, missing."""

    whose: str
    ids: tuple[int | str, ...] = ()
    below: bool = True  # the second id exists


def expected(cell: str, target: Target, method: str, path: str) -> int:
    """The status that the page promises; 200 stands for any success."""
    scope, _, but = cell.partition(" ")
    assert cell in ("pub", "local", "-", "(p)", "signed", "P") or (
        scope in ("A", "T", "O") and but in ("", "not O")
    ), cell
    reached = {
        "pub": {"", "own", "team", "other", "missing"},
        "local": {""},
        "A": {"", "own", "team", "other", "missing"},
        "P": {"", "own", "team", "other"},
        "T": {"", "own", "team"},
        "O": {"", "own"},
    }.get(scope, set())
    if target.whose == "own" and but == "not O":
        return OWN_ROW.get((method, path), 403)
    if target.whose not in reached:
        return 403
    if target.whose in ("other", "team") and (method, path) in OTHERS_ROW:
        return OTHERS_ROW[method, path]
    if not target.below:
        return BELOW.get((method, path), {}).get(scope, 404)
    return 404 if target.whose == "missing" else 200


async def targets(api: Api, path: str, method: str, caller: Person) -> list[Target]:
    """Own, the team's, other's and missing rows of a path, each a new one."""
    mine = caller.employee_id
    if mine is None and (method, path) in FOR_EMPLOYEES:
        return [Target("nobody", await made_for(api, path, method))]
    if "{" not in path:
        return [Target("")]
    if path.endswith(":rest}") and MATRIX[method, shape(path)]["admin"] != "A":
        return [Target("", await made_for(api, path, method))]
    found = [Target("other", await made_for(api, path, method))]
    if path.startswith("/api/users"):
        found.append(Target("own", (caller.user_id,)))
    elif mine is not None:
        report = await new_row(api, "employee", manager=mine)
        found.append(Target("own", await made_for(api, path, method, mine)))
        found.append(Target("team", await made_for(api, path, method, report)))
    missing = Target("missing", (MISSING,) * path.count("{"))
    if path.count("{") == 1:
        return [*found, missing]
    below = [Target(t.whose, (t.ids[0], MISSING), below=False) for t in found]
    return [*found, *below, missing]


async def body_for(api: Api, route: Route, method: str) -> dict[str, Any] | None:
    """What to send so that only the sender can be wrong; None where there is no JSON body."""
    payload = body_of(route.guards[method])
    if payload is None:
        return None
    if route.path == "/api/fleet/auth/login":
        username = f"driver-{await new_row(api, 'driver', hash=PASSWORD_HASH)}"
        return {"username": username, "password": PASSWORD}
    given = BODIES.get((method, shape(route.path)))
    known = await known_values(api, payload.schema)
    if not (body := given or filled(payload.schema, known)):  # of a change nothing is required
        name, field = next(iter(payload.schema.items()))
        body = filled({name: {**field, "required": True}}, known)
    return body


async def ask(
    api: Api, route: Route, method: str, ids: tuple[int | str, ...], token: str | None, body: Any
) -> Answer:
    """A request that is right in everything but, perhaps, who sends it."""
    path = f"{filled_path(route.path, *ids)}?{required_query(route.guards[method])}"
    if route.path == "/api/upload/temp":
        headers = {"Content-Type": FORM}
        return await api.call(method, path, raw=form(part(b"a file")), as_=token, headers=headers)
    if route.path.startswith("/api/temp/"):  # which would be gone after the first time
        return await api.call(method, path, as_=token, headers={"Range": "bytes=0-"})
    if not route.path.endswith("/import"):
        return await api.call(method, path, body, as_=token)
    headers = {"Content-Type": "text/csv"}
    return await api.call(method, path, raw=b"name\nSomebody\n", as_=token, headers=headers)


def sign(api: Api, person: Person, **claims: Any) -> str:
    """A new token of one of the cast; `claims` replace what it says, None leaves it out."""
    application = api.app.application
    role = CALLERS.get(person.name, "employee")
    token = application.tokens.sign(
        "user", id_=person.user_id, username=person.name, role=role, version=0,
        now=application.clock(),
    )  # fmt: skip
    said = jwt.decode(token, options={"verify_signature": False}) | claims
    said = {name: value for name, value in said.items() if value is not None}
    return jwt.encode(said, SECRET, algorithm="HS256")


def no_tokens(api: Api) -> dict[str, str | None]:
    """What is no valid token of anybody, made for the mightiest of all."""
    admin = api.admin
    now = int(api.app.application.clock().timestamp())
    good = sign(api, admin)
    said = jwt.decode(good, options={"verify_signature": False})
    header, body, signature = good.split(".")
    return {
        "none": None,
        "rubbish": "rubbish",
        "forged": jwt.encode(said, SECRET + "!", algorithm="HS256"),
        "unsigned": jwt.encode(said, None, algorithm="none"),
        "another algorithm": jwt.encode(said, SECRET + "x" * 32, algorithm="HS512"),
        "cut": f"{header}.{body}.",
        "swapped": f"{header}.{body}.{signature[::-1]}",
        "expired": sign(api, admin, iat=now - 10, exp=now - 1),
        "of nobody": sign(api, admin, id=MISSING),
        "of an older version": sign(api, admin, ver=-1),
        "of a later version": sign(api, admin, ver=1),
        "a driver's, of nobody": sign(api, admin, typ="driver", aud="sunshine-fleet"),
        "a driver's for users": sign(api, admin, typ="driver"),
        "a user's for the fleet": sign(api, admin, aud="sunshine-fleet"),
        "another kind's": sign(api, admin, typ="robot"),
        **{f"without {name}": sign(api, admin, **{name: None}) for name in said},
        **{f"with a text for {name}": sign(api, admin, **{name: "1"}) for name in ("id", "ver")},
        "with true for id": sign(api, admin, id=True),
        "with 1.5 for id": sign(api, admin, id=1.5),
        "with a large id": sign(api, admin, id=2**70),
    }


# ---- The table by itself ----------------------------------------------------------------------


def test_it_names_every_route_on_the_page() -> None:
    named = {(method, shape(route.path)) for route, method in endpoints()}
    assert named - MATRIX.keys() == set(), "name them in docs/authorization.md"


def test_it_guards_as_the_page_says() -> None:
    with every() as case:
        for route, method in endpoints():
            with case(f"{method} {route.path}"):
                is_guarded_as_the_page_says(route, method)


def is_guarded_as_the_page_says(route: Route, method: str) -> None:
    guards = route.guards[method]
    said = MATRIX[method, shape(route.path)]
    assert guards[0] in DOORS, "who may call comes first"
    assert sum(guard.decides_access for guard in guards) == 1
    assert (guards[0] is public) == (said["anon"] == "pub")
    assert (guards[0] is allowed_address) == (said["anon"] == "local")
    assert (guards[0] is content_reader) == (said["anon"] == said["driver"] == "pub*")
    assert (guards[0] is signed_url) == (said["anon"] == "signed")
    open_ = (public, allowed_address, signed_url, any_principal, content_reader)
    assert (guards[0] in open_) == (said["driver"] != "-")
    for role in ROLE_PERMISSIONS:
        somebody = principal("user", role, permissions_of(role))
        passes = all(
            any(somebody.may(permission) for permission in guard.permissions)
            for guard in guards
            if guard.permissions
        )
        assert passes == (said[role] not in ("-", "(p)")), role


def test_it_checks_who_before_what() -> None:
    known = {part for held in (*ROLE_PERMISSIONS.values(), DRIVER) for part in held}
    known |= {permission.rpartition(":")[0] for permission in known
              if permission.rpartition(":")[2] in SCOPES}  # fmt: skip
    with every() as case:
        for route, method in endpoints():
            guards = route.guards[method]
            with case(f"{method} {route.path}"):
                kinds = [guard.tells_access for guard in guards]
                assert kinds == sorted(kinds, reverse=True)
                asked = {permission for guard in guards for permission in guard.permissions}
                assert asked <= known, "a permission that nobody holds"


def test_it_takes_patch_for_put_and_head_for_a_get_that_changes_nothing() -> None:
    for route in handlers.routes:
        assert route.guards.get("PATCH") is route.guards.get("PUT")
        unsafe = route.path == "/api/auth/logout" or isinstance(route, SocketRoute)
        head = None if unsafe else route.guards.get("GET")
        assert route.guards.get("HEAD") is head
        assert set(route.allow.split(", ")) == {*route.guards, "OPTIONS"}


class _Both(Handler):
    async def get(self) -> None: ...

    async def post(self) -> None: ...


@pytest.mark.parametrize(
    "guards",
    [
        {},
        {"GET": [public]},
        {"GET": [public], "POST": []},
        {"GET": [public], "POST": [requires_permission("users:read")]},
        {"GET": [public], "POST": [requires_permission("users:read"), signed_in]},
        {"GET": [query({})], "POST": [public]},
        {"GET": [public], "POST": [public], "PUT": [public]},
        {"GET": [public], "POST": [public], "FETCH": [public]},
    ],
)
def test_it_refuses_a_route_that_leaves_access_open(guards: dict[str, list[Guard]]) -> None:
    with pytest.raises(ValueError, match="/x"):
        Route("/x", _Both, **guards)


def test_it_refuses_two_routes_of_one_path() -> None:
    both = {"GET": [public], "POST": [public]}
    with pytest.raises(ValueError, match="twice"):
        RouteTable([Route("/x/{id_}", _Both, **both), Route("/x/{id_}", _Both, **both)])
    with pytest.raises(ValueError, match="call it"):
        RouteTable([Route("/x/{id_}", _Both, **both), Route("/x/{other}/y", _Both, **both)])


def test_it_prefers_a_word_to_a_parameter() -> None:
    both = {"GET": [public], "POST": [public]}
    paths = ("/x/{id_}", "/x/export", "/x/{name:text}/y", "/z/{left:rest}", "/z/y/{left:rest}")
    table = RouteTable(Route(path, _Both, **both) for path in paths)
    for path, found, values in (
        ("/x/export", "/x/export", {}),
        ("/x/export/", "/x/export", {}),
        ("/x/7", "/x/{id_}", {"id_": 7}),
        ("/x/a%20b%2Fc/y", "/x/{name:text}/y", {"name": "a b/c"}),
        ("/z/a", "/z/{left:rest}", {"left": "a"}),
        ("/z/7/y/%2e%2e/c%20d/", "/z/{left:rest}", {"left": "7/y/../c d"}),
        ("/z/y/7", "/z/y/{left:rest}", {"left": "7"}),
        ("/z/a", "/z/{left:rest}", {"left": "a"}),
        ("/z/7/y/%2e%2e/c%20d/", "/z/{left:rest}", {"left": "7/y/../c d"}),
        ("/z/y/7", "/z/y/{left:rest}", {"left": "7"}),
    ):
        route = table.find(path)
        assert route
        assert (route[0].path, route[1]) == (found, values)
    for path in ("/x", "/x/", "//x/7", "/x//7", "/x/a%00/y", "/x/%ff/y", "/x/%ED%A0%80/y",
                 "/X/7", "/x/7/8", "/x/Export", "/z", "/z/", "/z/y", "/z//a", "/z/a//b", "/z/a/%00",
                 "/z/a%ff/b", "/z/y/"):  # fmt: skip
        assert table.find(path) is None or path == "//x/7"


def test_it_gives_each_role_what_the_page_says() -> None:
    said = {row[0]: row[1] for row in tables()[0]}
    held: dict[str, set[str]] = {}
    for role in ("employee", "manager", "hr"):
        words = set(said[role].replace("+ all of employee", "").rstrip(", ").split(", "))
        held[role] = words | held.get("employee", set())
        assert ROLE_PERMISSIONS[role] == held[role]
    alone = set(said["admin"].partition("alone: ")[2].split(", "))
    grants = re.search(r"never for drivers\): ([a-z:, ]+)\.", PAGE.read_text(encoding="utf-8"))
    assert grants
    assert set(grants[1].split(", ")) == GRANTABLE
    assert ROLE_PERMISSIONS["admin"] == set().union(*held.values()) | GRANTABLE | alone


def test_it_never_lets_an_admin_grant_what_comes_with_a_role() -> None:
    assert not [p for p in GRANTABLE if p.startswith(("users:", "employees:", "attendance:"))]
    assert not [p for p in GRANTABLE if ":approve" in p]


def test_it_takes_a_wider_scope_for_the_narrower() -> None:
    somebody = principal("user", "manager", frozenset({"leave:read:team", "cms:read"}))
    held = ("leave:read", "leave:read:own", "leave:read:team", "cms:read")
    assert all(somebody.may(permission) for permission in held)
    not_held = ("leave:read:all", "leave", "leave:approve", "cms", "cms:read:own", "")
    assert not any(somebody.may(permission) for permission in not_held)
    assert somebody.scope("leave:read") == "team"
    assert somebody.scope("cms:read") is None


# ---- Every route as every caller --------------------------------------------------------------


@pytest.mark.parametrize(("route", "method"), [endpoint_of(door) for door in DOORS], ids=name_of)
async def test_it_knows_nobody_by_a_token_that_is_not_valid(
    api: Api, route: Route, method: str
) -> None:
    open_to_all = is_open(route, method)
    ids = (await targets(api, route.path, method, api.stranger))[0].ids
    body = await body_for(api, route, method)
    before = await stored(api)
    for kind, token in no_tokens(api).items():
        answer = await ask(api, route, method, ids, token, body)
        is_refused_to_strangers(answer, kind, open_to_all=open_to_all)
    if not open_to_all:
        assert await stored(api) == before


@every_endpoint
async def test_it_knows_nobody_without_a_token(api: Api, route: Route, method: str) -> None:
    open_to_all = is_open(route, method)
    found = [
        target.ids
        for target in await targets(api, route.path, method, api.stranger)
        if not (open_to_all and target.whose == "missing")
    ]
    body = await body_for(api, route, method)
    before = await stored(api)
    forged = jwt.encode(
        jwt.decode(api.admin.token, options={"verify_signature": False}), SECRET + "!",
        algorithm="HS256",
    )  # fmt: skip
    for ids, token in [(found[0], forged), *((ids, None) for ids in found)]:
        answer = await ask(api, route, method, ids, token, body)
        is_refused_to_strangers(answer, ids, open_to_all=open_to_all)
    if not open_to_all:
        assert await stored(api) == before


def is_open(route: Route, method: str) -> bool:
    """To everybody, or to those of this machine, as tests are."""
    return MATRIX[method, shape(route.path)]["anon"] in ("pub", "local")


def is_refused_to_strangers(answer: Answer, asked: Any, *, open_to_all: bool) -> None:
    if open_to_all:
        assert answer.status == 200, (asked, answer.body)
    else:
        assert (answer.status, answer.code) == (401, "not_signed_in"), asked
        assert answer.headers["WWW-Authenticate"]


@every_endpoint
async def test_it_lets_each_caller_do_what_the_page_says(
    api: Api, route: Route, method: str
) -> None:
    said = MATRIX[method, shape(route.path)]
    success = 201 if method == "POST" and route.path not in NOT_CREATED else 200
    if isinstance(route, SocketRoute):
        success = 426  # all that is asked of it here is no upgrade: tests/live
    cases = [
        (api.cast[name], target, expected(said[column], target, method, shape(route.path)))
        for name, column in CALLERS.items()
        for target in await targets(api, route.path, method, api.cast[name])
    ]
    await are_refused(api, route, method, [case for case in cases if case[2] != 200])
    for caller, target, status in cases:
        if status != 200:
            continue
        if route.path in NEEDED:
            await new_row(api, NEEDED[route.path], employee=caller.employee_id)
        body = await body_for(api, route, method)
        answer = await ask(api, route, method, target.ids, sign(api, caller), body)
        assert answer.status == success, (caller.name, target, answer.body)


async def are_refused(
    api: Api, route: Route, method: str, cases: list[tuple[Person, Target, int]]
) -> None:
    body = await body_for(api, route, method)
    before = await stored(api)
    for caller, target, status in cases:
        answer = await ask(api, route, method, target.ids, caller.token, body)
        assert (answer.status, bool(answer.code)) == (status, True), (caller.name, target)
    assert await stored(api) == before, "a refusal stores nothing, no event either"


@every_endpoint
async def test_it_keeps_drivers_to_what_is_theirs(api: Api, route: Route, method: str) -> None:
    cell = MATRIX[method, shape(route.path)]["driver"]
    me = await new_row(api, "driver")
    token = sign(api, api.admin, id=me, typ="driver", aud="sunshine-fleet")
    found = await targets(api, route.path, method, api.admin)
    if cell == "O" and "{" in route.path:
        found.append(Target("own", (await own_of_driver(api, route.path, me),)))
    body = {"phone": "1"} if method == "PUT" else await body_for(api, route, method)
    before = await stored(api)
    let_in = []
    for target in found:
        others = "{" in route.path and target.ids != found[-1].ids
        if cell == "pub" or not (cell in ("-", "signed", "pub*") or others):
            let_in.append(target)
            continue
        answer = await ask(api, route, method, target.ids, token, body)
        assert (answer.status, answer.code) == (403, "not_allowed"), target
    assert await stored(api) == before
    for target in let_in:
        answer = await ask(api, route, method, target.ids, token, body)
        status = expected(cell, target, method, shape(route.path)) if cell == "pub" else 200
        assert answer.status == status, answer.body


async def own_of_driver(api: Api, path: str, driver: int) -> int:
    """The driver, or their vehicle."""
    if not path.startswith("/api/fleet/vehicles"):
        return driver
    vehicle = await new_row(api, "vehicle")
    await api.sql(
        "INSERT INTO vehicle_driver (vehicle_id, driver_id, since) VALUES (%(v)s, %(d)s, now())",
        "fleet", v=vehicle, d=driver,
    )  # fmt: skip
    return vehicle


def principal(kind: str, role: str, permissions: frozenset[str]) -> Principal:
    return Principal(
        kind=kind, id=1, username="somebody", name="Somebody", email=None, role=role,
        employee_id=None, permissions=permissions,
    )  # fmt: skip
