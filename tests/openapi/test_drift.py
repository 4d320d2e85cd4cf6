"""An answer that is not as described fails the test that gets it (tests/openapi_contract.py)."""

import json

import jsonschema_rs
import pytest

import handlers
from tests.openapi_contract import description

DESCRIPTION = description(handlers.routes)
JSON = "application/json; charset=utf-8"
DEPARTMENT = {
    "id": 1, "name": "IT", "description": None, "active": True,
    "createdAt": "2024-01-15T08:00:00Z", "updatedAt": "2024-01-15T08:00:00Z",
}  # fmt: skip


def check(data: object, *, status: int = 200, media: str = JSON, **more: object) -> None:
    body = {"success": True, "data": data} | more
    path = "/api/departments/1?x=1"
    DESCRIPTION.check("GET", path, status, media, json.dumps(body).encode())


def test_what_is_as_described_passes() -> None:
    check(DEPARTMENT)


@pytest.mark.parametrize(
    "wrong",
    [
        DEPARTMENT | {"colour": "red"},
        {name: value for name, value in DEPARTMENT.items() if name != "description"},
        DEPARTMENT | {"active": None},
        DEPARTMENT | {"id": "1"},
        DEPARTMENT | {"createdAt": "yesterday"},
        [DEPARTMENT],
    ],
)
def test_a_field_too_many_too_few_or_of_another_kind_fails(wrong: object) -> None:
    with pytest.raises(jsonschema_rs.ValidationError):
        check(wrong)


def test_a_member_beside_data_fails() -> None:
    with pytest.raises(jsonschema_rs.ValidationError):
        check(DEPARTMENT, extra=1)


def test_an_undescribed_status_fails() -> None:
    with pytest.raises(AssertionError, match="is not in the description"):
        check(DEPARTMENT, status=202)


def test_another_media_type_fails() -> None:
    with pytest.raises(AssertionError, match="is not in the description"):
        check(DEPARTMENT, media="text/html")


def test_an_undescribed_code_of_an_error_fails() -> None:
    body = {"success": False, "message": "No", "errors": [], "code": "in_use"}
    DESCRIPTION.check("DELETE", "/api/departments/1", 409, JSON, json.dumps(body).encode())
    body["code"] = "made_up"
    with pytest.raises(jsonschema_rs.ValidationError):
        DESCRIPTION.check("DELETE", "/api/departments/1", 409, JSON, json.dumps(body).encode())


def test_patch_is_held_to_what_put_says() -> None:
    with pytest.raises(AssertionError, match="is not in the description"):
        DESCRIPTION.check("PATCH", "/api/departments/1", 201, JSON, b"{}")
