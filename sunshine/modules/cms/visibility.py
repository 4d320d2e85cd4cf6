"""Who may see and change what of the content, said once: every way to read it asks here.

What is public is seen by everybody (which of it strangers get is the route's to say). Who keeps a
kind of content sees and changes all of it, and alone makes it public. Who writes sees and changes
drafts of their own besides (docs/decisions/0019-content.md).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import Column, ColumnElement, or_

from sunshine.core.errors import AppError, NotAllowed, NotFound, NotSignedIn
from sunshine.core.principals import ANONYMOUS, Principal
from sunshine.database.statements import Row
from sunshine.modules.scope import ME, employee_of

# What a caller sees: everything, what is public and one's own, or what is public.
Sight = Literal["all", "own", "public"]

PUBLISHERS = ("cms:publish",)
RECRUITERS = ("cms:publish", "cms:careers")


@dataclass(frozen=True, eq=False)
class Rights:
    """Of one kind of content. `state` is the field that says whether it is public: the value
    `draft` of a writer's draft, the value `public` of what is to be seen. `author` is missing
    where nobody but its keepers writes it."""

    keepers: tuple[str, ...]
    visible: ColumnElement[bool]
    state: str
    draft: Any
    public: Any
    author: Column[Any] | None = None

    def conditions(self) -> dict[Sight, tuple[ColumnElement[bool], ...]]:
        """What narrows rows to each sight. Parameters: `me`, and those of `visible`."""
        own = self.visible if self.author is None else or_(self.visible, self.author == ME)
        return {"all": (), "own": (own,), "public": (self.visible,)}

    def sight(self, actor: Principal) -> Sight:
        """How much of it they see."""
        if actor.may_any(self.keepers):
            return "all"
        return "own" if self.author is not None and actor.may("cms:write") else "public"

    def refusal(self, actor: Principal) -> AppError:
        """What is said of a row that is not there, or not theirs to see: the same of both."""
        if actor is ANONYMOUS:
            return NotSignedIn()
        return NotFound() if self.sight(actor) == "all" else NotAllowed()

    def check_filters(self, actor: Principal, query: Mapping[str, Any]) -> None:
        """Asking for drafts of somebody else is refused, never answered with nothing."""
        sight = self.sight(actor)
        if sight == "all" or query.get(self.state, self.public) == self.public:
            return
        if sight == "public" or query.get("author", actor.employee_id) != actor.employee_id:
            raise self.refusal(actor)

    def check_change(self, actor: Principal, row: Row) -> None:
        """Writers change their own drafts."""
        if self.sight(actor) == "all":
            return
        if not is_own(actor, row):
            raise NotAllowed
        if row[self.state] != self.draft:
            raise NotAllowed("It is no draft any more: publishers change it")

    def check_values(self, actor: Principal, values: Mapping[str, Any]) -> None:
        """Only keepers make it public, or write in another's name."""
        if self.sight(actor) == "all":
            return
        if values.get(self.state, self.draft) != self.draft:
            raise NotAllowed("Only publishers make it public")
        if "author" in values and not is_own(actor, values):
            if values["author"] is None:
                employee_of(actor)
            raise NotAllowed("Drafts are written in one's own name")


def is_own(actor: Principal, row: Mapping[str, Any]) -> bool:
    """Whether the caller is its author; who is no employee wrote nothing."""
    return actor.employee_id is not None and actor.employee_id == row["author"]
