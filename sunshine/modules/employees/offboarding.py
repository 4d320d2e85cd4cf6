"""The end of an employment: of the account, held assets, reservations and open approvals.

Used by employees.py, which has locked the employee.
"""

from sunshine.core.errors import Conflict, NotAllowed
from sunshine.core.principals import Principal
from sunshine.database.database import Transaction
from sunshine.modules.assets import reservations
from sunshine.modules.assets.assignments import take_from
from sunshine.modules.branding_approval.requests import open_approvals
from sunshine.modules.users import employee_accounts


async def end_employment(tx: Transaction, id_: int, *, actor: Principal, force: bool) -> None:
    """End the account of an employee at once, and return what they hold.

    NotAllowed for one's own employment, and for that of an admin or of HR, which only an admin
    ends. Conflict `assets_held` or `approvals_open` lists what is in the way; `force` returns the
    assets and leaves the approvals to an admin.
    """
    if id_ == actor.employee_id:
        raise NotAllowed("Nobody ends their own employment")
    account = await employee_accounts.find_by_employee(tx, id_)
    if account and account["role"] in ("admin", "hr") and actor.role != "admin":
        raise NotAllowed("Only an admin ends the account of an admin or of HR")
    await employee_accounts.deactivate(tx, id_)
    await take_from(tx, id_, force=force)
    await reservations.release(tx, id_)
    waiting = [] if force else await open_approvals(tx, id_)
    if waiting:
        raise Conflict(
            f"{len(waiting)} branding approvals wait for them or were asked for by them",
            code="approvals_open",
            data={"approvals": waiting},
        )
