"""Positions and departments by name: found in any case, or created. Used by employees.py."""

from sqlalchemy import Table, bindparam, func, select
from sqlalchemy.dialects.postgresql import insert

from models.departments import department
from models.positions import position
from sunshine.database.database import Transaction
from sunshine.database.records import stamped
from sunshine.database.statements import IdRow, Statement

# By the field that holds the name.
NAMED = {"position": position, "department": department}

_FIND = {
    table: Statement(
        select(table.c.id)
        .where(
            func.lower(table.c.name) == func.lower(bindparam("name")),
            table.c.deleted_at.is_(None),
        )
        .with_for_update(key_share=True, read=True),
        IdRow,
    )
    for table in NAMED.values()
}
_CREATE = {
    table: Statement(
        insert(table)
        .values({table.c.name: bindparam("name"), **stamped(table)})
        .on_conflict_do_nothing()
        .returning(table.c.id),
        IdRow,
    )
    for table in NAMED.values()
}


async def id_of(tx: Transaction, table: Table, name: str) -> int:
    """Return the id of the row of this name, kept from being deleted until the transaction ends.

    A row is created where there is none.
    """
    while True:
        found = await tx.one_or_none(_FIND[table], name=name)
        if found is not None:
            return found["id"]
        made = await tx.one_or_none(_CREATE[table], name=name)
        if made is not None:
            after = {"id": made["id"], "name": name}
            await tx.record(f"{table.name}_created", table.name, made["id"], after=after)
            return made["id"]
        # Another transaction created it and has committed: now it is found.
