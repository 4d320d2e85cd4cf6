"""Positions and departments by name: found whatever the case, or made. Used by employees.py."""

from sqlalchemy import Table, bindparam, func, select
from sqlalchemy.dialects.postgresql import insert

from models.departments import department
from models.positions import position
from sunshine.database.database import Transaction
from sunshine.database.records import stamped
from sunshine.database.statements import Statement

# By the field that holds the name.
NAMED = {"position": position, "department": department}

_FIND = {
    table: Statement(
        select(table.c.id)
        .where(
            func.lower(table.c.name) == func.lower(bindparam("name")),
            table.c.deleted_at.is_(None),
        )
        .with_for_update(key_share=True, read=True)
    )
    for table in NAMED.values()
}
_MAKE = {
    table: Statement(
        insert(table)
        .values({table.c.name: bindparam("name"), **stamped(table)})
        .on_conflict_do_nothing()
        .returning(table.c.id)
    )
    for table in NAMED.values()
}


async def id_of(tx: Transaction, table: Table, name: str) -> int:
    """The id of the row of this name, kept from being deleted until we are done; made when new."""
    while True:
        found = await tx.one_or_none(_FIND[table], name=name)
        if found is not None:
            return int(found["id"])
        made = await tx.one_or_none(_MAKE[table], name=name)
        if made is not None:
            id_ = int(made["id"])
            after = {"id": id_, "name": name}
            await tx.record(f"{table.name}_created", table.name, id_, after=after)
            return id_
        # Somebody else has just made it; their commit let us go on: now it is found.
