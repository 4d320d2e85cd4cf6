"""The rows that the statements of branding approval return.

Instants inside a JSON column are text, as answers print them.
"""

import datetime as dt
from typing import TypedDict


class ApproverRow(TypedDict):
    """An approver of the latest revision, and their vote where they have given one."""

    employeeId: int
    name: str
    vote: str | None
    feedback: str | None
    revisionNotes: str | None
    at: str | None


class VoteRow(TypedDict):
    """A vote on a revision; `employeeId` is null for an admin's override."""

    employeeId: int | None
    name: str
    vote: str
    feedback: str | None
    revisionNotes: str | None
    override: bool
    at: str


class ContentRow(TypedDict):
    """What each revision submits."""

    title: str
    description: str | None
    category: str
    files: list[str]
    mode: str


class RevisionRow(ContentRow):
    """A revision in the history of a request, with the votes on it."""

    revision: int
    submittedBy: str
    at: str
    votes: list[VoteRow]


class RequestRow(ContentRow):
    """A request as lists show it and events keep it."""

    id: int
    requestedBy: int
    requester: str
    status: str
    revision: int
    approvers: list[ApproverRow]
    decidedAt: dt.datetime | None
    createdAt: dt.datetime
    updatedAt: dt.datetime


class RequestWithHistoryRow(RequestRow):
    """A request with all its revisions and their votes."""

    history: list[RevisionRow]


class OpenApprovalRow(TypedDict):
    """A pending request that an employee is part of."""

    id: int
    title: str


class LockedRequestRow(TypedDict):
    """What a vote or a revision reads of the request that it locks."""

    id: int
    requested_by_id: int
    status: str
    revision: int
    mode: str


class ApproverNameRow(TypedDict):
    """The name of an approver."""

    name: str


class AwaitedRow(TypedDict):
    """Whether a request still awaits a vote."""

    awaited: bool


class AudienceRow(TypedDict):
    """The employees who see a request."""

    id: int
    employees: list[int]
