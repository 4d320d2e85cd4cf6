"""The rows that the statements of tickets return, with keys as the API names them."""

import datetime as dt
from typing import Any, TypedDict


class TicketFields(TypedDict):
    """The fields of a ticket that all its readers see."""

    id: int
    number: str
    title: str
    description: str | None
    priority: str
    status: str
    category: str | None
    reportedBy: int
    assignedTo: int | None
    attachments: list[str]
    resolution: str | None
    satisfaction: int | None
    satisfactionComment: str | None
    mergedInto: int | None
    firstResponseDueAt: dt.datetime
    firstRespondedAt: dt.datetime | None
    dueAt: dt.datetime
    resolvedAt: dt.datetime | None
    closedAt: dt.datetime | None
    reporter: str
    assignee: str | None
    version: int
    createdAt: dt.datetime
    updatedAt: dt.datetime


class StoredTicketRow(TicketFields):
    """A ticket as changes need it: with the business time for which its clock stood still."""

    paused: dt.timedelta


class TicketRow(TicketFields):
    """A ticket as one caller sees it now."""

    breached: bool
    commentCount: int
    watching: bool


class TicketContext(TypedDict):
    """What every event of a ticket holds, so that its receivers need not read the ticket."""

    number: str
    status: str
    priority: str
    assignedTo: int | None


class RelatedRow(TypedDict):
    """The employees who are related to a ticket, and their managers."""

    id: int
    watchers: list[int]
    reported_by_id: int
    assigned_to_id: int | None
    reporters_manager: int | None
    assignees_manager: int | None


class WatcherRow(TypedDict):
    """An employee who watches a ticket from now on."""

    employee_id: int


class CommentRow(TypedDict):
    """A comment."""

    id: int
    ticketId: int
    comment: str
    files: list[str]
    internal: bool
    authorId: int | None
    author: str
    createdAt: dt.datetime


class EventDetails(TypedDict, total=False):
    """What an event holds beside the fields of its ticket: one of these, or none."""

    comment: Any
    missed: Any
    merged: Any


class HistoryEntry(EventDetails):
    """An event of a ticket, as the history shows it."""

    seq: str
    type: str
    at: dt.datetime
    actor: str
    changes: dict[str, Any]


class BreachRow(TypedDict):
    """A ticket that has missed a target, and the instant when the target was due."""

    id: int
    number: str
    status: str
    priority: str
    assignedTo: int | None
    dueAt: dt.datetime


class DueTicketRow(TypedDict):
    """An open ticket of an employee that is due soon."""

    id: int
    number: str
    title: str
    priority: str
    status: str
    dueAt: dt.datetime


class HolidayRow(TypedDict):
    """A day when the business is closed."""

    date: dt.date
