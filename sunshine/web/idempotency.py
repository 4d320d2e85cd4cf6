"""Idempotency-Key: a retried POST gets the first one's response. Table: models/kernel.py.

Key and response are written in the change's own transaction, so a refused or rolled-back request
leaves nothing. If two run at once, the second one finds the first one's lock and gets a 409.
"""

import hashlib
from typing import NamedTuple, TypedDict

from sqlalchemy import BigInteger, and_, bindparam, func, insert, select
from tornado.web import Finish

from models import kernel
from sunshine.core.errors import Conflict, Invalid
from sunshine.database.database import Transaction
from sunshine.database.statements import Statement
from sunshine.web.endpoint import Endpoint

HEADER = "Idempotency-Key"
MAX_LENGTH = 255


class Key(NamedTuple):
    """A caller's key and the hash of the request it stands for."""

    principal: str
    key: str
    request_hash: str


class LockRow(TypedDict):
    """Whether the lock of a key was free."""

    free: bool


class StoredRow(TypedDict):
    """A stored response, and the hash of its request."""

    request_hash: str
    status: int
    answer: str


_LOCK = Statement(
    select(func.pg_try_advisory_xact_lock(bindparam("lock", type_=BigInteger)).label("free")),
    LockRow,
)
_FIND = {
    name: Statement(
        select(table.c.request_hash, table.c.status, table.c.answer).where(
            and_(table.c.principal == bindparam("principal"), table.c.key == bindparam("key"))
        ),
        StoredRow,
    )
    for name, table in kernel.idempotency_key.items()
}
_KEEP = {
    name: Statement(
        insert(table).values({column.name: bindparam(column.name) for column in table.columns})
    )
    for name, table in kernel.idempotency_key.items()
}


def key_of(handler: Endpoint) -> Key | None:
    """Return the key of a POST that has one; Invalid if it is malformed."""
    text = handler.request.headers.get(HEADER)
    if handler.request.method != "POST" or text is None:
        return None
    if not (0 < len(text) <= MAX_LENGTH and text.isprintable()):
        raise Invalid.field(HEADER, f"must be 1 to {MAX_LENGTH} printable characters")
    request = handler.request
    digest = hashlib.sha256(f"{request.method} {request.uri}\n".encode() + handler.fingerprint)
    principal = f"{handler.actor.kind}:{handler.actor.id}"
    return Key(principal, text, digest.hexdigest())


async def replay(handler: Endpoint, tx: Transaction, key: Key) -> None:
    """If the key was used before, reply with the stored response and stop here."""
    lock = hashlib.sha256(f"{key.principal}\n{key.key}".encode()).digest()[:8]
    lock_row = await tx.one(_LOCK, lock=int.from_bytes(lock, "big", signed=True))
    if not lock_row["free"]:
        raise Conflict(
            "The first request with this Idempotency-Key is still running",
            code="idempotency_in_progress",
        )
    kept = await tx.one_or_none(_FIND[tx.database.name], principal=key.principal, key=key.key)
    if kept is None:
        return
    if kept["request_hash"] != key.request_hash:
        raise Invalid.field(HEADER, "was used for another request", code="idempotency_key_reused")
    handler.set_status(kept["status"])
    handler.set_header("Idempotency-Replayed", "true")
    handler.write(kept["answer"])
    raise Finish


async def keep(handler: Endpoint, tx: Transaction, key: Key) -> None:
    """Store the response, which must have been written inside the transaction."""
    answer = b"".join(handler._write_buffer)
    if not answer:
        raise RuntimeError("reply inside the transaction")
    await tx.execute(
        _KEEP[tx.database.name],
        **key._asdict(),
        status=handler.get_status(),
        answer=answer.decode(),
        created_at=tx.now,
    )
