"""The record of sign-ins and refusals, and the networks of each account: users' and drivers'.

The limits of attempts: sunshine/web/sign_in_limits.py. Tables: models/auth.py, models/fleet.py,
models/kernel.py.
"""

from collections.abc import Mapping
from contextlib import suppress
from datetime import timedelta
from typing import Any

import structlog
from sqlalchemy import (
    ColumnElement,
    Integer,
    Table,
    bindparam,
    case,
    delete,
    exists,
    func,
    literal,
    or_,
    select,
)
from sqlalchemy.dialects.postgresql import insert

from models import auth, fleet, kernel
from sunshine.core.errors import AppError
from sunshine.core.principals import Caller, Principal, System
from sunshine.database.database import Database, Transaction
from sunshine.database.pages import ListQuery, Page
from sunshine.database.statements import Statement
from sunshine.identity.passwords import Passwords
from sunshine.modules.users.rows import SignInRow

# The row of a user's or a driver's account: `id`, `active`, `password_hash` at least.
Account = Mapping[str, Any]

SIGNED_IN, REFUSED = "sign_in", "sign_in_refused"
# For how long, and how many, networks of an account stay known.
KNOWN_FOR = timedelta(days=180)
KNOWN_NETWORKS = 20
# The actor of a refusal: nobody knows who it was.
ANONYMOUS = System(name="stranger")

log = structlog.get_logger("sunshine.auth")

# By database: the entity of its accounts in events, and the table of their networks.
_ENTITIES = {"sunshine": "users", "fleet": "driver"}
_NETWORKS = {"sunshine": auth.known_network, "fleet": fleet.known_network}


def _remember(networks: Table) -> Statement[object]:
    row = insert(networks).values(
        account_id=bindparam("id"), network=bindparam("network"), last_at=bindparam("now")
    )
    key = [networks.c.account_id, networks.c.network]
    latest = func.greatest(networks.c.last_at, row.excluded.last_at)
    return Statement(row.on_conflict_do_update(index_elements=key, set_={"last_at": latest}))


def _forget(networks: Table) -> Statement[object]:
    mine = networks.c.account_id == bindparam("id")
    # Rows that another sign-in is renewing now are skipped: no sign-in waits for another one.
    old = (
        select(networks.c.network)
        .where(mine)
        .order_by(networks.c.last_at.desc(), networks.c.network)
        .offset(KNOWN_NETWORKS)
        .with_for_update(skip_locked=True)
    )
    return Statement(delete(networks).where(mine, networks.c.network.in_(old)))


def _sweep(networks: Table) -> Statement[object]:
    return Statement(delete(networks).where(networks.c.last_at < bindparam("before")))


def _listing(database: str) -> ListQuery[SignInRow]:
    e = kernel.event[database].c
    details = e.after
    return ListQuery(
        select(
            e.id,
            e.at,
            case((e.type == SIGNED_IN, literal("signed_in")), else_="refused").label("outcome"),
            details["address"].astext.label("address"),
            details["client"].astext.label("client"),
            func.coalesce(details["attempts"].astext.cast(Integer), 1).label("attempts"),
        ),
        key=e.id,
        sort={"at": e.at},
        default_sort="-id",
        row=SignInRow,
    )


_REMEMBER = {name: _remember(table) for name, table in _NETWORKS.items()}
_FORGET = {name: _forget(table) for name, table in _NETWORKS.items()}
_SWEEP = {name: _sweep(table) for name, table in _NETWORKS.items()}
_LISTINGS = {name: _listing(name) for name in _ENTITIES}
_OWN = {
    name: (
        kernel.event[name].c.entity == entity,
        kernel.event[name].c.entity_id == bindparam("account"),
        or_(kernel.event[name].c.type == SIGNED_IN, kernel.event[name].c.type == REFUSED),
    )
    for name, entity in _ENTITIES.items()
}
SCHEMA = _LISTINGS["sunshine"].schema


def known(database: str, account: ColumnElement[int]) -> ColumnElement[bool]:
    """Return the SQL condition that an account signed in from `network` after `since`."""
    networks = _NETWORKS[database].c
    return exists().where(
        networks.account_id == account,
        networks.network == bindparam("network"),
        networks.last_at > bindparam("since", type_=networks.last_at.type),
    )


async def check(account: Account | None, passwords: Passwords, password: str) -> str:
    """Return why a sign-in to an account is refused: `unknown`, `inactive` or `wrong_password`.

    Empty where it is not. An unknown name, a wrong password and an inactive account cost the same
    work.
    """
    usable = account is not None and account["active"]
    hashed = account["password_hash"] if account is not None and usable else None
    matches = await passwords.matches(password, hashed)
    if account is None:
        return "unknown"
    if not usable:
        return "inactive"
    return "" if matches else "wrong_password"


async def signed_in(tx: Transaction, id_: int, caller: Caller) -> None:
    """Record that an account signed in, and remember the network."""
    name = tx.database.name
    await tx.execute(_REMEMBER[name], id=id_, network=caller.network)
    await tx.execute(_FORGET[name], id=id_)
    after = {"address": caller.address, "client": caller.client}
    await tx.record(SIGNED_IN, _ENTITIES[name], id_, after=after)


async def refused(
    database: Database,
    account: Account | None,
    caller: Caller,
    reason: str,
    *,
    attempts: int = 1,
    is_recorded: bool = True,
) -> None:
    """Log a refusal and, where `is_recorded`, record it as an event of the account.

    A refusal without an account has an event of none, which holds nothing of what was typed.
    Errors of the database do not change the answer.
    """
    id_ = account["id"] if account is not None else None
    entity = _ENTITIES[database.name]
    log.info(
        "sign-in refused", entity=entity, account=id_, reason=reason, address=caller.address,
        request_id=caller.request_id,
    )  # fmt: skip
    if not is_recorded:
        return
    after: dict[str, Any] = {"reason": reason, "address": caller.address, "client": caller.client}
    after |= {"attempts": attempts} if attempts > 1 else {}
    with suppress(AppError):
        async with database.transaction(ANONYMOUS, request_id=caller.request_id) as tx:
            await tx.record(REFUSED, entity, id_, after=after)


async def page(
    database: Database, query: Mapping[str, Any], *, actor: Principal
) -> Page[SignInRow]:
    """Return a page of the caller's own sign-ins and refusals, the latest first."""
    name = database.name
    return await _LISTINGS[name].page(database, query, where=_OWN[name], account=actor.id)


async def sweep(tx: Transaction) -> int:
    """Delete networks that were not used for `KNOWN_FOR`; return their number."""
    return await tx.execute(_SWEEP[tx.database.name], before=tx.now - KNOWN_FOR)
