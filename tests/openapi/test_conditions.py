"""What fields say of each other: the description and the check are made of one line, and agree."""

from typing import Any

import jsonschema_rs
import pytest

import handlers
from sunshine.core.errors import Invalid
from sunshine.core.fields import Schema
from sunshine.core.validation import Payload
from sunshine.modules.assets import schemas as assets
from sunshine.modules.branding_approval import schemas as branding_approval
from sunshine.modules.leave import schemas as leave
from sunshine.modules.meeting_rooms import schemas as meeting_rooms
from sunshine.modules.permit import schemas as permit
from tests.openapi_contract import description

DOCUMENT = description(handlers.routes).document
BOOK = {
    "roomId": 1, "title": "Talk", "date": "2024-01-15", "startTime": "09:00", "endTime": "10:00",
}  # fmt: skip


def described(name: str, value: Any) -> bool:
    whole = DOCUMENT["components"]["schemas"][name] | {"components": DOCUMENT["components"]}
    return jsonschema_rs.validator_for(whole, validate_formats=True).is_valid(value)


def refused(schema: Schema, value: dict[str, Any]) -> set[str]:
    """The fields at fault."""
    try:
        Payload(schema).check(value)
    except Invalid as problem:
        return {error["field"] for error in problem.errors}
    return set()


@pytest.mark.parametrize(
    ("name", "schema", "field", "value"),
    [
        ("LeaveDecide", leave.DECIDE, "notes", {"action": "reject"}),
        ("LeaveDecide", leave.DECIDE, "notes", {"action": "reject", "notes": ""}),
        ("PermitDecide", permit.DECIDE, "notes", {"action": "reject"}),
        ("PermitDecide", permit.DECIDE, "notes", {"action": "reject", "notes": ""}),
        ("BrandingApprovalReview", branding_approval.REVIEW, "revisionNotes",
         {"action": "request_revision", "feedback": "No"}),
        ("BrandingApprovalReview", branding_approval.REVIEW, "revisionNotes",
         {"action": "request_revision", "revisionNotes": None}),
        ("AssetsReportPlace", assets.REPORT_PLACE, "location", {"notes": "On the shelf"}),
        ("AssetsReportPlace", assets.REPORT_PLACE, "latitude", {"latitude": 1}),
        ("MeetingRoomsBook", meeting_rooms.BOOK, "recurrence.until",
         BOOK | {"recurrence": {"freq": "daily"}}),
        ("MeetingRoomsBook", meeting_rooms.BOOK, "recurrence.count",
         BOOK | {"recurrence": {"freq": "daily", "count": 2, "until": "2024-02-01"}}),
    ],
)  # fmt: skip
def test_what_is_missing_is_refused_as_described(
    name: str, schema: Schema, field: str, value: dict[str, Any]
) -> None:
    assert refused(schema, value) == {field}
    assert not described(name, value)


@pytest.mark.parametrize(
    ("name", "schema", "value"),
    [
        ("LeaveDecide", leave.DECIDE, {"action": "approve"}),
        ("LeaveDecide", leave.DECIDE, {"action": "reject", "notes": "Too many are away"}),
        ("PermitDecide", permit.DECIDE, {"action": "approve", "notes": ""}),
        ("PermitDecide", permit.DECIDE, {"action": "reject", "notes": "Not today"}),
        ("BrandingApprovalReview", branding_approval.REVIEW, {"action": "reject"}),
        ("BrandingApprovalReview", branding_approval.REVIEW,
         {"action": "request_revision", "revisionNotes": "More sun"}),
        ("AssetsReportPlace", assets.REPORT_PLACE, {"location": "HQ"}),
        ("AssetsReportPlace", assets.REPORT_PLACE, {"latitude": 1, "longitude": 2}),
        ("AssetsReportPlace", assets.REPORT_PLACE,
         {"location": "HQ", "latitude": 1, "longitude": 2}),
        ("MeetingRoomsBook", meeting_rooms.BOOK, BOOK),
        ("MeetingRoomsBook", meeting_rooms.BOOK,
         BOOK | {"recurrence": {"freq": "daily", "count": 2}}),
        ("MeetingRoomsBook", meeting_rooms.BOOK,
         BOOK | {"recurrence": {"freq": "daily", "until": "2024-02-01"}}),
    ],
)  # fmt: skip
def test_what_is_complete_is_taken_as_described(
    name: str, schema: Schema, value: dict[str, Any]
) -> None:
    assert refused(schema, value) == set()
    assert described(name, value)
