"""Payloads of /api/branding-approval."""

from models.branding_approval import ACTIONS, CATEGORIES, MODES, STATUSES
from sunshine.schemas.fields import (
    Schema,
    changes,
    choice,
    file_url,
    list_of,
    query_flag,
    query_id,
    row_id,
    text,
    whole,
)

FILTERS: Schema = {
    "search": text(100),
    "status": choice(*STATUSES),
    "requestedBy": query_id(),
    "category": choice(*CATEGORIES),
    # Whether it waits for the caller's own vote.
    "awaiting": query_flag(),
}

_CONTENT: Schema = {
    "title": text(200, required=True),
    "description": text(5000, nullable=True),
    "category": choice(*CATEGORIES, required=True),
    "files": list_of(file_url(), 20, required=True, minlength=1, check_with="distinct"),
    "approvers": list_of(row_id(), 20, required=True, minlength=1, check_with="distinct"),
    # Whether all approvers must approve (the default) or one is enough.
    "mode": choice(*MODES),
}
SUBMIT: Schema = {**_CONTENT, "requestedBy": row_id()}
REVISE = changes(_CONTENT)
REVIEW: Schema = {
    "action": choice(*ACTIONS, required=True),
    "feedback": text(5000, nullable=True),
    # Wanted, and not blank, with request_revision: sunshine/rules/branding_review.py.
    "revisionNotes": text(5000, nullable=True),
    # The revision that was looked at; another one has other files.
    "revision": whole(1),
}
