"""Makes every process drop its cached principals. database.py requests it, event_log.py
responds."""

import secrets
from typing import Any

import psycopg
import structlog

log = structlog.get_logger("sunshine.forgetting")

FORGET_CHANNEL = "sunshine_forget"
ACK_CHANNEL = "sunshine_ack"

_TELL = """
    SELECT pg_notify(%(channel)s, %(token)s), (
        SELECT count(*) FROM pg_stat_activity
        WHERE datname = current_database() AND application_name = 'sunshine feed'
    ) AS listeners
"""


async def invalidate_everywhere(connection: psycopg.AsyncConnection[dict[str, Any]]) -> None:
    """Return when every live process has dropped its cached principals, or after a second.

    Each process listens on its own connection (sunshine/database/event_log.py) and acknowledges.
    The change is already committed: an error here must not report it to the client as failed.
    """
    token = secrets.token_hex(8)
    try:
        await connection.execute(f"LISTEN {ACK_CHANNEL}")
        result = await connection.execute(_TELL, {"channel": FORGET_CHANNEL, "token": token})
        waiting = (await result.fetchone() or {}).get("listeners", 0)
        async for notice in connection.notifies(timeout=1.0 if waiting else 0.0):
            waiting -= notice.payload == token
            if waiting <= 0:
                break
        await connection.execute(f"UNLISTEN {ACK_CHANNEL}")
    except psycopg.Error as error:
        log.warning("forget not acknowledged", reason=str(error))
