"""Days that nobody recorded: absences, leave and holidays as rows of attendance."""

from datetime import date

from sunshine.db import Transaction


async def settle(
    tx: Transaction, first: date, last: date, employee_id: int | None = None
) -> dict[str, int]:
    """Make the rows that nobody made by checking in agree with leave, permits and holidays.

    Whoever changes one of these calls it for the days it touches, of one employee or of all.
    Returns how many rows of each status were added and removed.
    """
    return {}
