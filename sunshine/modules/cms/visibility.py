"""Who may see and change which content; every way of reading content asks here.

Everybody sees public content (routes decide which kinds anonymous callers get). Editors of a kind
see and change all of it, and they alone publish it. Writers also see and change their own drafts
(docs/decisions/0019-content.md).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import Column, ColumnElement, or_

from sunshine.core.errors import AppError, NotAllowed, NotFound, NotSignedIn
from sunshine.core.principals import ANONYMOUS, Principal
from sunshine.modules.scope import ME, employee_of

# What a caller sees: everything, public content and their own, or public content.
Visibility = Literal["all", "own", "public"]

PUBLISHERS = ("cms:publish",)
RECRUITERS = ("cms:publish", "cms:careers")


@dataclass(frozen=True, eq=False)
class Rights:
    """Who may see and change one kind of content.

    `editors` are the permissions of its editors, `visible` is the condition that a row is public.
    `state` is the field that says so, with the value `draft` for drafts and `public` for published
    content. `author` is None where only editors write it.
    """

    editors: tuple[str, ...]
    visible: ColumnElement[bool]
    state: str
    draft: Any
    public: Any
    author: Column[Any] | None = None

    def conditions(self) -> dict[Visibility, tuple[ColumnElement[bool], ...]]:
        """Return what narrows rows to each visibility; parameters: `me`, and those of `visible`."""
        own = self.visible if self.author is None else or_(self.visible, self.author == ME)
        return {"all": (), "own": (own,), "public": (self.visible,)}

    def visibility(self, actor: Principal) -> Visibility:
        """Return how much of this kind the actor sees."""
        if actor.may_any(self.editors):
            return "all"
        return "own" if self.author is not None and actor.may("cms:write") else "public"

    def refusal(self, actor: Principal) -> AppError:
        """Return the error for a row that does not exist or that the actor may not see.

        It is the same for both, so that nobody learns which ids exist; editors get NotFound.
        """
        if actor is ANONYMOUS:
            return NotSignedIn()
        return NotFound() if self.visibility(actor) == "all" else NotAllowed()

    def check_filters(self, actor: Principal, query: Mapping[str, Any]) -> None:
        """Reject a filter for drafts that are not the actor's own.

        An empty list would not say why it is empty.
        """
        visibility = self.visibility(actor)
        if visibility == "all" or query.get(self.state, self.public) == self.public:
            return
        if visibility == "public" or query.get("author", actor.employee_id) != actor.employee_id:
            raise self.refusal(actor)

    def check_change(self, actor: Principal, row: Mapping[str, Any]) -> None:
        """Reject a change by a writer to anything but their own drafts; NotAllowed."""
        if self.visibility(actor) == "all":
            return
        if not is_own(actor, row):
            raise NotAllowed
        if row[self.state] != self.draft:
            raise NotAllowed("It is no longer a draft: only publishers change it")

    def check_values(self, actor: Principal, values: Mapping[str, Any]) -> None:
        """Reject publishing, or writing in another's name, by anybody but editors; NotAllowed."""
        if self.visibility(actor) == "all":
            return
        if values.get(self.state, self.draft) != self.draft:
            raise NotAllowed("Only publishers make it public")
        if "author" in values and not is_own(actor, values):
            if values["author"] is None:
                employee_of(actor)
            raise NotAllowed("Drafts are written in your own name only")


def is_own(actor: Principal, row: Mapping[str, Any]) -> bool:
    """Return whether the actor is the author; actors without an employee have written nothing."""
    return actor.employee_id is not None and actor.employee_id == row["author"]
