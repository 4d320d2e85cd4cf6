"""What an endpoint answers with, last in its line of the route table: `page(EMPLOYEE)`.

Nothing is done with it but to describe it (openapi.py), and to check every answer of the tests.
Shapes: the modules' schemas.py.
"""

from dataclasses import dataclass
from typing import Literal

from sunshine.core.shapes import Shape
from sunshine.formats import spreadsheets

# The files of lists and reports: sunshine/formats/spreadsheets.py.
SHEETS = tuple(media.partition(";")[0] for media in spreadsheets.MEDIA.values())

Kind = Literal["page", "data", "message", "whole", "file", "nothing"]


@dataclass(frozen=True)
class Reply:
    """A success: its status, and what of it is told by the shape."""

    status: int
    kind: Kind
    shape: Shape | None = None
    # Whether `data` may be null.
    nullable: bool = False
    # Of a file: what it may be.
    media: tuple[str, ...] = ("application/json",)


@dataclass(frozen=True)
class Refusal:
    """Errors that the guards do not tell of: a status and the codes it comes with here."""

    status: int
    codes: tuple[str, ...]


def page(shape: Shape) -> Reply:
    """A page of a list: `data`, `pagination`."""
    return Reply(200, "page", shape)


def item(shape: Shape, *, nullable: bool = False) -> Reply:
    """200 with a row or a result as `data`."""
    return Reply(200, "data", shape, nullable)


def created(shape: Shape) -> Reply:
    """201 with the new row as `data`."""
    return Reply(201, "data", shape)


def exactly(shape: Shape, status: int = 200) -> Reply:
    """An answer whose whole shape the contract fixes."""
    return Reply(status, "whole", shape)


def file(*media: str, status: int = 200) -> Reply:
    """Bytes of one of these media types."""
    return Reply(status, "file", media=media)


def no_body(status: int) -> Reply:
    """A status that says it all."""
    return Reply(status, "nothing", media=())


# 200 that only says so.
ok_message = Reply(200, "message")
# The caller has it already.
not_modified = no_body(304)


def errors(status: int, *codes: str) -> Refusal:
    """`refuses(409, "leave_overlap")`: errors of the rule behind."""
    return Refusal(status, codes)


def conflicts(*codes: str) -> Refusal:
    """409 with these codes."""
    return Refusal(409, codes)
