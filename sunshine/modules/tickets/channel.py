"""The frames that sockets receive of tickets. Who sees them: visibility.py, as everywhere."""

from typing import Any

from sunshine.database.event_log import Event
from sunshine.live.hub import Channel
from sunshine.modules.tickets.comments import changes, details
from sunshine.modules.tickets.visibility import audiences, sees

_CREATED = ("title", "category", "reportedBy")


def _data(event: Event) -> dict[str, Any]:
    """Return what every frame holds of its ticket, as it is after the event."""
    after = event.after
    return {
        "ticketId": event.entity_id,
        "number": after["number"],
        "status": after["status"],
        "priority": after["priority"],
        "assignedTo": after["assignedTo"],
        "actor": event.actor_name,
        "timestamp": event.at,
    }


def _created(event: Event) -> dict[str, Any]:
    fields = {name: event.after[name] for name in _CREATED}
    return {"type": "ticket_created", "data": _data(event) | fields}


def _updated(event: Event) -> dict[str, Any]:
    return {"type": "ticket_update", "data": _data(event) | {"changes": changes(event)}}


def _commented(event: Event) -> dict[str, Any]:
    return {"type": "ticket_comment", "data": {**_data(event), **details(event)}}


def _breached(event: Event) -> dict[str, Any]:
    return {"type": "ticket_sla_breached", "data": _data(event) | event.after["missed"]}


channel = Channel(
    name="tickets",
    permission="ws:tickets",
    events={
        "ticket_created": _created,
        "ticket_updated": _updated,
        "ticket_closed": _updated,
        "ticket_reopened": _updated,
        "ticket_rated": _updated,
        "ticket_merged": _updated,
        "ticket_commented": _commented,
        "ticket_sla_breached": _breached,
    },
    audiences=audiences,
    sees=sees,
)
