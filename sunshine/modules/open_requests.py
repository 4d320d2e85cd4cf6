"""Which requests for time away count: the condition that leave and permits share."""

from sqlalchemy import ColumnElement, Table, literal_column


def is_open(table: Table) -> ColumnElement[bool]:
    """Return the condition of requests that are pending or approved.

    It is worded as in the exclusion constraints, so that PostgreSQL uses their indexes.
    """
    return table.c.status.in_([literal_column("'pending'"), literal_column("'approved'")])
