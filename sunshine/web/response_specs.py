"""Declarations of an endpoint's responses, last in its line of the route table: `page(EMPLOYEE)`.

They only serve the OpenAPI description (sunshine/web/openapi) and the tests, which check every
response against them. Shapes: the modules' schemas.py.
"""

from dataclasses import dataclass
from typing import Literal

from sunshine.core.shapes import Shape
from sunshine.formats import spreadsheets

# Spreadsheet formats of lists and reports: sunshine/formats/spreadsheets.py.
SHEETS = tuple(media.partition(";")[0] for media in spreadsheets.MEDIA.values())

Kind = Literal["page", "data", "message", "whole", "file", "nothing"]


@dataclass(frozen=True)
class Reply:
    """A success: its status, its kind, and the shape of its content."""

    status: int
    kind: Kind
    shape: Shape | None = None
    # Whether `data` may be null.
    nullable: bool = False
    # Of a file: the possible media types.
    media: tuple[str, ...] = ("application/json",)


@dataclass(frozen=True)
class Refusal:
    """Errors that the guards do not imply: a status and its codes."""

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
    """A response whose exact shape the contract defines."""
    return Reply(status, "whole", shape)


def file(*media: str, status: int = 200) -> Reply:
    """A file of one of these media types."""
    return Reply(status, "file", media=media)


def no_body(status: int) -> Reply:
    """A status without a body."""
    return Reply(status, "nothing", media=())


# 200 without data.
ok_message = Reply(200, "message")
# The caller already has it.
not_modified = no_body(304)


def errors(status: int, *codes: str) -> Refusal:
    """Errors of the rule behind an endpoint: `errors(409, "leave_overlap")`."""
    return Refusal(status, codes)


def conflicts(*codes: str) -> Refusal:
    """409 with these codes."""
    return Refusal(409, codes)
