"""Who is connected, what each may see, and where each one is in the log of events.

A channel is handed in: which events it tells, to whom, as which frames. Each module has its own
beside its rules (`sunshine/rules/<module>.py` exports `channel`); handlers/live.py gives it a path.
The protocol over it: sunshine/web/sockets.py, docs/sockets.md.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sunshine.db import Reader
from sunshine.events import Event
from sunshine.people import Principal

# What a client gets of an event: {"type": ..., "data": {...}}; None tells nobody. `seq` is added.
Frame = Callable[[Event], dict[str, Any] | None]


@dataclass(frozen=True, slots=True)
class Audience:
    """Who is related to one row now, by employee id.

    `own`: reporter, assignee, watcher, requester, approver: whose own row it is.
    `team`: the managers of those: whose scope `team` reaches it.
    """

    own: frozenset[int] = frozenset()
    team: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Channel:
    """What one kind of socket tells.

    `permission` is needed to connect. `events` maps the types of the events told to the functions
    that make frames of them. `audiences(reader, ids)` finds in one statement who is related to the
    rows of these entity ids now; a row that it leaves out is gone, and nobody sees it. `sees` is
    the policy of the row's GET in memory: may this principal see what this event tells of that row?
    Events of the sunshine database only.
    """

    name: str
    permission: str
    events: Mapping[str, Frame]
    audiences: Callable[[Reader, Sequence[int]], Awaitable[Mapping[int, Audience]]]
    sees: Callable[[Principal, Event, Audience], bool]
