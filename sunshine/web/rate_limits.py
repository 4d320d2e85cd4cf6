"""Rate limits over HTTP: which limit a request counts towards.

The counting itself: sunshine/operations/rate_limits.py. A caller with a valid token counts as
themselves; everybody else as their address, by what they request: public reads have their own
buckets, and sign-ins use none of these (sunshine/web/sign_in_limits.py).
"""

from limits import RateLimitItem

from sunshine.operations.rate_limits import (
    LOGIN_FROM,
    STRANGER,
    VOUCHER,
    Counted,
    RateLimitStatus,
    bucket,
)
from sunshine.web import responses
from sunshine.web.endpoint import Endpoint

READS = frozenset({"GET", "HEAD"})
# Bytes that no sign-in needs: a larger body counts as an anonymous request.
LARGE_SIGN_IN = 4096


async def count_principal(handler: Endpoint) -> None:
    """Count a request of a signed-in caller."""
    rates = handler.application.rates
    if rates.enabled:
        actor = handler.actor
        item = rates.driver if actor.kind == "driver" else rates.user
        # A client with the fleet on a map polls often, and must not use up its other requests.
        if handler.bucket == "fleet" and actor.kind == "user" and handler.request.method in READS:
            item = rates.fleet_reads
        set_status(handler, await rates.count(item, f"{actor.kind}:{actor.id}"))


async def count_voucher(handler: Endpoint) -> None:
    """Count a check of whether a voucher code exists."""
    await handler.application.rates.count(VOUCHER, str(handler.actor.id))


async def count_stranger(handler: Endpoint) -> None:
    """Count a request without a valid token, or a guess."""
    await _count_address(handler, STRANGER)


async def count_public(handler: Endpoint) -> None:
    """Count a request that anybody may make."""
    rates = handler.application.rates
    if handler.bucket == "sign_in":
        if len(handler.request.body) > LARGE_SIGN_IN:
            await count_stranger(handler)
    elif handler.request.method in READS:
        await _count_address(handler, rates.files if handler.bucket == "file" else rates.reads)
    else:
        await count_stranger(handler)


async def count_own_guess(handler: Endpoint) -> Counted:
    """Count a signed-in caller's guess of their own password, before it is known whether it is
    right."""
    actor = handler.actor
    return await handler.application.rates.attempt(LOGIN_FROM, "own", f"{actor.kind}:{actor.id}")


async def uncount(handler: Endpoint, counted: Counted) -> None:
    """Undo the count of a guess that was right."""
    await handler.application.rates.uncount(counted)


def network_of(handler: Endpoint) -> str:
    """Return the key under which the caller's address is counted."""
    return bucket(handler.application.client_address(handler.request))


def set_status(handler: Endpoint, standing: RateLimitStatus | None) -> None:
    """Tell the caller their rate limit status in the response's headers."""
    handler.standing = standing
    if not handler._headers_written:  # as on a socket, whose first message is counted
        responses.set_standing(handler)


async def _count_address(handler: Endpoint, item: RateLimitItem) -> None:
    rates = handler.application.rates
    if rates.enabled:
        set_status(handler, await rates.count(item, network_of(handler)))
