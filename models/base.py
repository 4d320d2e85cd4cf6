"""The four databases' metadata, and the columns that most tables share."""

from typing import Literal

from sqlalchemy import (
    Column,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    func,
    text,
)

DATABASES = ("sunshine", "fleet", "cms", "mitra")

# Constraint names are part of the contract: a violation is translated by its name
# (sunshine/modules), so every name must be predictable.
NAMES = {
    "ix": "%(table_name)s_%(column_0_N_name)s_idx",
    "uq": "%(table_name)s_%(column_0_N_name)s_key",
    "ck": "%(table_name)s_%(constraint_name)s_check",
    "fk": "%(table_name)s_%(column_0_name)s_fkey",
    "pk": "%(table_name)s_pkey",
}

METADATA: dict[str, MetaData] = {
    name: MetaData(naming_convention=NAMES, info={"database": name}) for name in DATABASES
}

sunshine = METADATA["sunshine"]
fleet = METADATA["fleet"]
cms = METADATA["cms"]
mitra = METADATA["mitra"]


def identity() -> Column[int]:
    """A generated integer primary key, 1..2^31-1."""
    return Column("id", Integer, primary_key=True)


def timestamps() -> tuple[Column, Column]:
    """The times of creation and last change; written by the database."""
    return (
        Column("created_at", DateTime(timezone=True), nullable=False, server_default=text("now()")),
        Column("updated_at", DateTime(timezone=True), nullable=False, server_default=text("now()")),
    )


def files(kind: Literal["urls", "html", "text", "path"] = "urls") -> dict[str, str]:
    """Declare that a column refers to our files: `info=files()` is all it takes.

    `urls`: a URL, a list of URLs, or JSON that contains some; `html`: attributes of HTML; `text`:
    text that contains URLs, with a list of those in the column `files`; `path`: a path below
    `static`. A body's field of that name, in the API's spelling, accepts uploads
    (sunshine/web/files/attachments.py). Access to files, `sunshine files check` and the sweep rely
    on this declaration, too.
    """
    return {"files": kind}


def deleted_at() -> Column:
    """The time of deletion; null while the row exists. History still refers to deleted rows."""
    return Column("deleted_at", DateTime(timezone=True))


def known_network_of(accounts: Table, *, comment: str) -> Table:
    """The networks from which accounts of one kind have signed in."""
    return Table(
        "known_network",
        accounts.metadata,
        Column("account_id", Integer, ForeignKey(accounts.c.id), nullable=False),
        Column(
            "network",
            Text,
            nullable=False,
            comment="an IPv4 address, or the /64 of an IPv6 address",
        ),
        Column("last_at", DateTime(timezone=True), nullable=False, index=True),
        PrimaryKeyConstraint("account_id", "network"),
        comment=comment,
    )


def unique_name(table: Table) -> None:
    """Require that names of rows that are not deleted are unique, regardless of case."""
    Index(
        f"{table.name}_name_key",
        func.lower(table.c.name),
        unique=True,
        postgresql_where=table.c.deleted_at.is_(None),
    )
