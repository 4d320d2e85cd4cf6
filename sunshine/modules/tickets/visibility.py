"""Who sees which tickets, comments and events: once as SQL for lists, once in memory for sockets.

Own tickets are those that the caller reported, is assigned to, or watches. Managers see also those
that their reports reported or are assigned to; agents see all, and agents alone see internal
comments and events. Every way to read tickets asks here (docs/decisions/0012-tickets.md).
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Integer,
    Text,
    any_,
    bindparam,
    false,
    func,
    literal,
    or_,
    select,
    union,
)

from models import kernel
from models.employees import employee
from models.tickets import ticket, ticket_comment, ticket_watcher
from sunshine.core.errors import AppError, NotAllowed, NotFound
from sunshine.core.principals import Principal, Scope
from sunshine.database.database import Reader
from sunshine.database.event_log import Event
from sunshine.database.statements import IdRow, Statement
from sunshine.files.columns import names
from sunshine.live.hub import Audience
from sunshine.modules.scope import ME, Conditions
from sunshine.modules.tickets.rows import RelatedRow

# The events that every caller who sees a ticket may see, unless their comment is internal. Events
# of other types, future ones included, are for agents.
PUBLIC = (
    "ticket_created",
    "ticket_updated",
    "ticket_commented",
    "ticket_sla_breached",
    "ticket_closed",
    "ticket_reopened",
    "ticket_rated",
    "ticket_merged",
)
_event = kernel.event["sunshine"].c


def is_agent(actor: Principal) -> bool:
    """Return whether the caller sees all tickets and internal comments, and may change them."""
    return actor.may("tickets:agent")


def scope(actor: Principal) -> Scope | None:
    """Return whose tickets the caller sees; None for nobody's."""
    return "all" if is_agent(actor) else actor.scope("tickets:read")


def refusal(actor: Principal) -> AppError:
    """Return the error for a ticket that does not exist, or that the caller may not see."""
    return NotFound() if scope(actor) == "all" else NotAllowed()


def _related(mine: bool) -> ColumnElement[bool]:
    """Return the condition of the caller's own tickets, or of the team's too."""
    other = ticket.alias("related")
    people: ColumnElement[bool] = employee.c.id == ME
    if not mine:
        people = or_(people, employee.c.manager_id == ME)
    team = select(employee.c.id).where(people)
    # A union, because each part has its index: `or` would read the whole table.
    return ticket.c.id.in_(
        union(
            select(other.c.id).where(other.c.reported_by_id.in_(team)),
            select(other.c.id).where(other.c.assigned_to_id.in_(team)),
            select(ticket_watcher.c.ticket_id).where(ticket_watcher.c.employee_id == ME),
        )
    )


# The conditions of each scope. The parameter `me` is the caller's employee id.
TICKETS: Conditions = {"all": (), "team": (_related(False),), "own": (_related(True),)}
# The conditions of comments and events, by whether the caller is an agent.
COMMENTS: Mapping[bool, tuple[ColumnElement[bool], ...]] = {
    True: (),
    False: (ticket_comment.c.internal.is_(False),),
}
EVENTS: Mapping[bool, tuple[ColumnElement[bool], ...]] = {
    True: (),
    False: (
        _event.type == any_(literal(list(PUBLIC), ARRAY(Text))),
        func.coalesce(_event.after["internal"].as_boolean(), false()).is_(False),
    ),
}


def _names_file(agent: bool) -> ColumnElement[bool]:
    """Return the condition that a ticket, or a comment that the reader sees, names the file."""
    attached = select(ticket.c.id).where(names(ticket.c.attachments)).correlate(None)
    said = select(ticket_comment.c.ticket_id).where(names(ticket_comment.c.files))
    return ticket.c.id.in_(union(attached, said.where(*COMMENTS[agent])))


_OF_FILE = {
    (reach, agent): Statement(
        select(ticket.c.id)
        .where(_names_file(agent), ticket.c.deleted_at.is_(None), *where)
        .limit(1),
        IdRow,
    )
    for reach, where in TICKETS.items()
    for agent in (True, False)
}

# The same in memory: the employees who are related to tickets.
_reporter, _assignee = employee.alias("reporter"), employee.alias("assignee")
_RELATED = Statement(
    select(
        ticket.c.id,
        func.array(
            select(ticket_watcher.c.employee_id)
            .where(ticket_watcher.c.ticket_id == ticket.c.id)
            .scalar_subquery()
        ).label("watchers"),
        ticket.c.reported_by_id,
        ticket.c.assigned_to_id,
        _reporter.c.manager_id.label("reporters_manager"),
        _assignee.c.manager_id.label("assignees_manager"),
    )
    .select_from(
        ticket.join(_reporter, ticket.c.reported_by_id == _reporter.c.id).outerjoin(
            _assignee, ticket.c.assigned_to_id == _assignee.c.id
        )
    )
    .where(
        ticket.c.id == any_(bindparam("ids", type_=ARRAY(Integer))), ticket.c.deleted_at.is_(None)
    ),
    RelatedRow,
)


async def check_file(reader: Reader, name: str, *, actor: Principal) -> None:
    """Raise `refusal` unless a ticket that the caller sees names the file, or a comment that they
    may read."""
    reach = scope(actor)
    if reach is None:
        raise refusal(actor)
    statement = _OF_FILE[reach, is_agent(actor)]
    if not await reader.one_or_none(statement, name=name, me=actor.employee_id):
        raise refusal(actor)


async def audiences(reader: Reader, ids: Sequence[int]) -> Mapping[int, Audience]:
    """Return who is related to these tickets now; deleted tickets are left out."""
    rows = await reader.all(_RELATED, ids=list(ids))
    return {row["id"]: _audience(row) for row in rows}


def sees_ticket(actor: Principal, audience: Audience) -> bool:
    """Return whether the caller sees a ticket: TICKETS in memory."""
    reach = scope(actor)
    if reach == "own":
        return actor.employee_id in audience.own
    if reach == "team":
        return actor.employee_id in audience.own | audience.team
    return reach == "all"


def sees_event(actor: Principal, type_: str, after: Mapping[str, Any] | None) -> bool:
    """Return whether the caller sees an event of a ticket that they see: EVENTS in memory."""
    return is_agent(actor) or (type_ in PUBLIC and not (after or {}).get("internal"))


def sees(actor: Principal, event: Event, audience: Audience) -> bool:
    """Return whether a socket's caller sees an event."""
    return sees_ticket(actor, audience) and sees_event(actor, event.type, event.after)


def _audience(row: RelatedRow) -> Audience:
    own = (row["reported_by_id"], row["assigned_to_id"], *row["watchers"])
    team = (row["reporters_manager"], row["assignees_manager"])
    return Audience(_known(own), _known(team))


def _known(ids: Iterable[int | None]) -> frozenset[int]:
    return frozenset(id_ for id_ in ids if id_ is not None)
