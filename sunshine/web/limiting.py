"""Rate limits over HTTP: who is counted as what. The counting itself: sunshine/rates.py.

A caller with a valid token counts as themselves; everybody else as their address. A sign-in that
succeeds gives back what it counted, so that an office behind one address does not lock itself out.
"""

from typing import TYPE_CHECKING

from sunshine.rates import LOGIN_FROM, LOGIN_NAME, PRINCIPAL, STRANGER, VOUCHER, Standing, bucket
from sunshine.web import answers

if TYPE_CHECKING:
    from sunshine.web.handler import Handler


async def count_principal(handler: "Handler") -> None:
    """A call of somebody signed in."""
    rates = handler.application.rates
    if rates.enabled:
        actor = handler.actor
        _stand(handler, await rates.count(PRINCIPAL, f"{actor.kind}:{actor.id}"))


async def count_voucher(handler: "Handler") -> None:
    """A look at whether a code is a voucher's."""
    await handler.application.rates.count(VOUCHER, str(handler.actor.id))


async def count_stranger(handler: "Handler") -> None:
    """A call without a valid token."""
    rates = handler.application.rates
    if rates.enabled:
        _stand(handler, await rates.count(STRANGER, _address(handler)))


async def count_sign_in(handler: "Handler", name: str) -> None:
    """An attempt to sign in, before it is known whether it fails."""
    rates = handler.application.rates
    await rates.count(LOGIN_FROM, _address(handler), name.lower())
    await rates.count(LOGIN_NAME, name.lower())


async def refund_sign_in(handler: "Handler", name: str) -> None:
    """It did not fail."""
    rates = handler.application.rates
    await rates.refund(STRANGER, _address(handler))
    await rates.refund(LOGIN_FROM, _address(handler), name.lower())
    await rates.refund(LOGIN_NAME, name.lower())


def _address(handler: "Handler") -> str:
    return bucket(handler.application.client_address(handler.request))


def _stand(handler: "Handler", standing: Standing | None) -> None:
    handler.standing = standing
    if not handler._headers_written:  # as on a socket, whose first message is counted
        answers.set_standing(handler)
