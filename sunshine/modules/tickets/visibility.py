"""Who may see what of a ticket, said once: as SQL for what is read, in memory for what is told.

Own is what one reported, is to solve, or watches. A manager sees what their reports reported or are
to solve; agents see everything, and they alone what is internal. Whoever adds a way to read tickets
asks here (docs/decisions/0012-tickets.md).
"""

from collections.abc import Mapping, Sequence
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
from sunshine.database.statements import Row, Statement
from sunshine.files.columns import names
from sunshine.live.hub import Audience
from sunshine.modules.scope import ME, Conditions

# What everybody who sees a ticket may know of it: of everything else that happens, of a type that
# is not listed here too, only agents do. A comment may be internal besides.
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
_happened = kernel.event["sunshine"].c


def is_agent(actor: Principal) -> bool:
    """Whether they see all tickets and what is internal, and may change everything."""
    return actor.may("tickets:agent")


def scope(actor: Principal) -> Scope | None:
    """Whose tickets they see."""
    return "all" if is_agent(actor) else actor.scope("tickets:read")


def refusal(actor: Principal) -> AppError:
    """What is said of a ticket that is not there, or not theirs to see."""
    return NotFound() if scope(actor) == "all" else NotAllowed()


def _related(mine: bool) -> ColumnElement[bool]:
    other = ticket.alias("related")
    people: ColumnElement[bool] = employee.c.id == ME
    if not mine:
        people = or_(people, employee.c.manager_id == ME)
    team = select(employee.c.id).where(people)
    # A union, for each part has its index: `or` would read the whole table.
    return ticket.c.id.in_(
        union(
            select(other.c.id).where(other.c.reported_by_id.in_(team)),
            select(other.c.id).where(other.c.assigned_to_id.in_(team)),
            select(ticket_watcher.c.ticket_id).where(ticket_watcher.c.employee_id == ME),
        )
    )


# What narrows tickets to each scope. The parameter `me` is the caller's employee id.
TICKETS: Conditions = {"all": (), "team": (_related(False),), "own": (_related(True),)}
# What narrows comments and events, by whether the caller is an agent.
COMMENTS: Mapping[bool, tuple[ColumnElement[bool], ...]] = {
    True: (),
    False: (ticket_comment.c.internal.is_(False),),
}
EVENTS: Mapping[bool, tuple[ColumnElement[bool], ...]] = {
    True: (),
    False: (
        _happened.type == any_(literal(list(PUBLIC), ARRAY(Text))),
        func.coalesce(_happened.after["internal"].as_boolean(), false()).is_(False),
    ),
}


def _naming(agent: bool) -> ColumnElement[bool]:
    attached = select(ticket.c.id).where(names(ticket.c.attachments)).correlate(None)
    said = select(ticket_comment.c.ticket_id).where(names(ticket_comment.c.files))
    return ticket.c.id.in_(union(attached, said.where(*COMMENTS[agent])))


_NAMING = {
    (reach, agent): Statement(
        select(ticket.c.id).where(_naming(agent), ticket.c.deleted_at.is_(None), *where).limit(1)
    )
    for reach, where in TICKETS.items()
    for agent in (True, False)
}

# The same in memory: who is related to some tickets, whoever asks.
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
    )
)


async def check_file(reader: Reader, name: str, *, actor: Principal) -> None:
    """Refuse with refusal() unless a ticket that they see names the file, or a comment on one that
    they may read."""
    reach = scope(actor)
    if reach is None:
        raise refusal(actor)
    statement = _NAMING[reach, is_agent(actor)]
    if not await reader.one_or_none(statement, name=name, me=actor.employee_id):
        raise refusal(actor)


async def audiences(reader: Reader, ids: Sequence[int]) -> Mapping[int, Audience]:
    """Who is related to these tickets now; deleted ones are left out."""
    rows = await reader.all(_RELATED, ids=list(ids))
    return {row["id"]: _audience(row) for row in rows}


def sees_ticket(actor: Principal, audience: Audience) -> bool:
    """Whether they see a ticket: TICKETS in memory."""
    reach = scope(actor)
    if reach == "own":
        return actor.employee_id in audience.own
    if reach == "team":
        return actor.employee_id in audience.own | audience.team
    return reach == "all"


def sees_event(actor: Principal, type_: str, after: Mapping[str, Any] | None) -> bool:
    """Whether they see what happened to a ticket that they see: EVENTS in memory."""
    return is_agent(actor) or (type_ in PUBLIC and not (after or {}).get("internal"))


def sees(actor: Principal, event: Event, audience: Audience) -> bool:
    """Whether they see what happened: what sockets ask."""
    return sees_ticket(actor, audience) and sees_event(actor, event.type, event.after)


def _audience(row: Row) -> Audience:
    own = {row["reported_by_id"], row["assigned_to_id"], *row["watchers"]} - {None}
    team = {row["reporters_manager"], row["assignees_manager"]} - {None}
    return Audience(frozenset(own), frozenset(team))
