"""Payloads of /api/branding-approval."""

from models.branding_approval import ACTIONS, CATEGORIES, MODES, STATUSES
from sunshine.core.fields import (
    Schema,
    changes,
    choice,
    file_url,
    flag,
    instant,
    list_of,
    prose,
    query_flag,
    query_id,
    row_id,
    text,
    whole,
)
from sunshine.core.shapes import Shape, array_of, resource_shape, response_fields, string

FILTERS: Schema = {
    "search": text(100),
    "status": choice(*STATUSES),
    "requestedBy": query_id(),
    "category": choice(*CATEGORIES),
    # Whether the request awaits the caller's own vote.
    "awaiting": query_flag(),
}

_CONTENT: Schema = {
    "title": text(200, required=True, example="New Logo Design"),
    "description": prose(5000, nullable=True, example="Updated company logo"),
    "category": choice(*CATEGORIES, required=True, example="logo"),
    "files": list_of(
        file_url(),
        20,
        required=True,
        minlength=1,
        check_with="distinct",
        example=["url_to_design_file"],
    ),
    "approvers": list_of(
        row_id(), 20, required=True, minlength=1, check_with="distinct", example=[456, 789]
    ),
    # Whether all approvers must approve (the default) or one is enough.
    "mode": choice(*MODES),
}
SUBMIT: Schema = {**_CONTENT, "requestedBy": row_id(example=123)}
REVISE = changes(_CONTENT)
REVIEW: Schema = {
    "action": choice(
        *ACTIONS, required=True, needs={"request_revision": "revisionNotes"}, example="approve"
    ),
    "feedback": prose(5000, nullable=True, example="Looks great, approved!"),
    "revisionNotes": prose(5000, nullable=True, example=""),
    # The revision that was reviewed; another one has other files.
    "revision": whole(1),
}

_VOTE: Schema = {
    "employeeId": row_id(nullable=True),
    "name": string(),
    "vote": choice(*ACTIONS),
    "feedback": string(nullable=True),
    "revisionNotes": string(nullable=True),
    "at": instant(),
}
_APPROVER = Shape(
    "BrandingApprover",
    {
        **_VOTE,
        "employeeId": row_id(),
        "vote": choice(*ACTIONS, nullable=True),
        "at": instant(nullable=True),
    },
)
_RESPONSE = response_fields(_CONTENT, but=("approvers",))
_REVISION = Shape(
    "BrandingRevision",
    {
        "revision": whole(1),
        **_RESPONSE,
        "submittedBy": string(),
        "at": instant(),
        "votes": array_of(Shape("BrandingVote", {**_VOTE, "override": flag()})),
    },
)
LISTED = resource_shape(
    "BrandingRequestListed",
    _RESPONSE,
    requestedBy=row_id(),
    requester=string(),
    status=choice(*STATUSES),
    revision=whole(1),
    approvers=array_of(_APPROVER),
    decidedAt=instant(nullable=True),
)
REQUEST = Shape("BrandingRequest", {**LISTED.fields, "history": array_of(_REVISION)})
