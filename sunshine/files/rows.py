"""The rows that the statements of files return."""

from typing import Literal, TypedDict


class NameRow(TypedDict):
    """The name of an upload."""

    name: str


class UploadRow(TypedDict):
    """An upload that a row takes over."""

    name: str
    size: int
    sha256: str


class PathRow(TypedDict):
    """A path below `static` that a row names."""

    path: str


class StoredFileRow(PathRow):
    """What was stored under a path."""

    size: int
    sha256: str


class FileProblem(TypedDict):
    """What is wrong with a file; `size` is null for a missing one."""

    problem: Literal["missing", "orphan", "damaged"]
    path: str
    size: int | None
