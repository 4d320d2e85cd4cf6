"""The description says everything of every route, and nothing that is not so."""

from collections.abc import Callable
from typing import Any

import pytest
from openapi_spec_validator import validate

import handlers
from sunshine.core.fields import money, text, whole
from sunshine.core.validation import Payload
from sunshine.web.guards import allowed_address, public, requires_permission, signed_in
from sunshine.web.handler import Handler
from sunshine.web.openapi import tags
from sunshine.web.openapi.components import Components
from sunshine.web.openapi.prose import written
from sunshine.web.openapi.schemas import SchemaWriter
from sunshine.web.routes import Route, RouteTable
from sunshine.web.sockets import SocketRoute
from tests.api import Api
from tests.cases import every
from tests.openapi_contract import description
from tests.route_matrix import body_of, endpoints, filled, known_values

Json = dict[str, Any]
DESCRIPTION = description(handlers.routes)
DOCUMENT = DESCRIPTION.document


def of_every_endpoint(says: Callable[[Route, str], None]) -> None:
    with every() as case:
        for route, method in endpoints():
            with case(f"{method} {route.path}"):
                says(route, method)


def said_of(route: Route, method: str) -> Json:
    operation: Json = DOCUMENT["paths"][written(route.path)][method.lower()]
    return operation


def fits(value: Any, schema: Json) -> bool:
    return DESCRIPTION.validator(schema).is_valid(value)


def test_it_is_openapi() -> None:
    validate(DOCUMENT)
    assert DOCUMENT["openapi"] == "3.1.0"


def test_it_names_every_operation_once() -> None:
    names = [said_of(route, method)["operationId"] for route, method in endpoints()]
    assert len(names) == len(set(names))
    assert {"postAuthLogin", "getEmployees", "putEmployeesById"} <= set(names)


def test_it_tells_of_every_tag_what_it_is() -> None:
    told = {tag["name"]: tag["description"] for tag in DOCUMENT["tags"]}
    used = {tag for route, method in endpoints() for tag in said_of(route, method)["tags"]}
    assert used == told.keys()
    assert all(told.values())


def test_a_route_has_a_summary_its_rule_and_its_permission() -> None:
    of_every_endpoint(has_a_summary_its_rule_and_its_permission)


def has_a_summary_its_rule_and_its_permission(route: Route, method: str) -> None:
    said = said_of(route, method)
    where = f"the docstring of {route.handler.__name__}.{method.lower()}"
    summary, rule = said["summary"], said["description"].partition("**Who may:**")[0]
    assert 3 <= len(summary) <= 80, f"{where}: its first line is the summary: {summary!r}"
    assert summary[0].isupper(), where
    assert not summary.endswith("."), where
    assert len(rule.split()) >= 3, f"{where}: the rule comes below its first line"
    assert "{" not in summary, where
    access = [guard.name for guard in route.guards[method] if guard.tells_access]
    assert said["x-permission"] == ", ".join(access)
    assert "**Who may:**" in said["description"]


def test_a_route_says_what_it_answers() -> None:
    of_every_endpoint(says_what_it_answers)


def says_what_it_answers(route: Route, method: str) -> None:
    said = said_of(route, method)
    assert route.replies[method], "the last in the line of the route table: page(SHAPE) or the like"
    refused = {status for status in said["responses"] if status >= "400"}
    assert {"400", "500", "503"} <= refused
    tokenless = route.guards[method][0] in (public, allowed_address)
    assert ("401" in refused) == (not tokenless or "login" in route.path)
    assert ("security" in said) == (route.guards[method][0].name in {
        "public", "addresses of METRICS_ALLOW", "signed URL", "signed in, or a feed's token",
        "signed in (user), or anybody where CMS_PUBLIC_READ",
    })  # fmt: skip


def test_a_route_has_an_example_that_is_so() -> None:
    of_every_endpoint(has_an_example_that_is_so)


def has_an_example_that_is_so(route: Route, method: str) -> None:
    said = said_of(route, method)
    content = [
        each
        for response in said["responses"].values()
        for each in response.get("content", {}).values()
        if "example" in each
    ]
    for each in content:
        assert fits(each["example"], each["schema"]), each["example"]
    body = body_of(route.guards[method])
    if body is not None:
        [sent] = said["requestBody"]["content"].values()
        example = sent["example"]
        assert example, "no field of the payload has an example"
        assert fits(example, sent["schema"])
        Payload(body.schema).check(example)
    files = all(reply.kind in ("file", "nothing") for reply in route.replies[method])
    assert content or files or body


async def test_a_route_takes_what_its_schema_describes(api: Api) -> None:
    with every() as case:
        for route, method in endpoints():
            if body := body_of(route.guards[method]):
                whole = filled(body.schema, await known_values(api, body.schema))
                with case(f"{method} {route.path}"):
                    takes_what_its_schema_describes(route, method, body, whole)


def takes_what_its_schema_describes(route: Route, method: str, body: Payload, whole: Json) -> None:
    [sent] = said_of(route, method)["requestBody"]["content"].values()
    assert fits(whole, sent["schema"]), whole
    assert not fits({**whole, "unknown": 1}, sent["schema"])
    for name in whole:
        assert not fits({**whole, name: {"not": ["this"]}}, sent["schema"]) or body.schema[
            name
        ].get("allow_unknown")


def test_a_route_lacks_nothing_that_a_new_one_could_forget() -> None:
    class Bare(Handler):
        async def get(self) -> None:
            pass

    routes = RouteTable(
        [Route("/api/bare", Bare, GET=[signed_in, requires_permission("users:read")])]
    )
    with pytest.raises(ValueError, match=r"/api/bare.*TAGS"):
        tags.check(routes)


def test_a_permission_that_nobody_can_hold_is_named_at_import() -> None:
    with pytest.raises(ValueError, match=r"visitors:read.*principals\.py"):
        requires_permission("users:read", "visitors:read")


def test_it_does_not_know_rules_that_it_cannot_write() -> None:
    writer = SchemaWriter(Components().shape)
    with pytest.raises(KeyError, match="forbidden"):
        writer.field({"type": "string", "forbidden": ["x"]}, "name")
    with pytest.raises(KeyError, match="tuple"):
        writer.field({"type": "tuple"}, "name")
    with pytest.raises(KeyError, match="made_up"):
        writer.field({"type": "string", "coerce": "made_up"}, "name")
    with pytest.raises(KeyError, match="unheard_of"):
        writer.field({"type": "string", "check_with": "unheard_of"}, "name")


def test_it_writes_fields_as_json_schema() -> None:
    writer = SchemaWriter(Components().shape)
    assert writer.field(text(10, required=True, regex="[a-z]+"), "name") == {
        "type": "string", "maxLength": 10, "minLength": 1, "pattern": "^(?:[a-z]+)$",
    }  # fmt: skip
    assert writer.field(whole(1, 5, nullable=True), "rating") == {
        "type": ["integer", "null"], "minimum": 1, "maximum": 5,
    }  # fmt: skip
    assert writer.field(money(), "total")["maximum"] == 999999999999.99
    together = writer.object(
        {
            "a": text(dependencies="b"),
            "b": text(),
            "c": text(excludes="a"),
            "d": text(required=True),
            "e": text(needs={"yes": "a"}),
            "f": text(required=True),
            "g": text(instead_of="f"),
        }
    )
    assert together["dependentRequired"] == {"a": ["b"]}
    both = {"properties": {"c": {}, "a": {}}, "required": ["c", "a"]}
    said_yes = {"properties": {"e": {"const": "yes"}}, "required": ["e"]}
    a_filled = {"properties": {"a": {"type": "string", "minLength": 1}}, "required": ["a"]}
    one, other = ({"properties": {name: {}}, "required": [name]} for name in ("f", "g"))
    assert together["allOf"] == [
        {"not": both}, {"if": said_yes, "then": a_filled}, {"anyOf": [one, other]},
    ]  # fmt: skip
    assert together["required"] == ["d"]
    assert together["additionalProperties"] is False


def test_it_describes_the_sockets() -> None:
    sockets = [route for route in handlers.routes if isinstance(route, SocketRoute)]
    assert {route.path for route in sockets} >= {"/ws/tickets", "/ws/branding-approval"}
    for route in sockets:
        said = said_of(route, "GET")
        assert said["x-websocket"]["permission"] == route.channel.permission
        assert said["x-websocket"]["events"] == sorted(route.channel.events)
        assert {"4401", "4403", "1013"} <= said["x-websocket"]["closeCodes"].keys()
        assert {"101", "426"} <= said["responses"].keys()
        assert "docs/sockets.md" in said["description"]


def test_it_tells_roles_and_grants_of_a_permission() -> None:
    said = said_of(*next(e for e in endpoints() if e[0].path == "/api/onapps/vouchers"))
    assert "`vouchers:manage` (admin, and users to whom an admin granted it)" in said["description"]
    said = DOCUMENT["paths"]["/api/fleet/drivers/{driverId}/location"]["post"]
    assert "`fleet:manage` or `fleet:self`" in said["description"]
