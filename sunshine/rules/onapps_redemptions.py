"""What a voucher is worth, and using it. Vouchers: onapps_vouchers.py. Tables: models/onapps.py.

Validating never consumes; redeeming does in one conditional statement, so that a limit holds
however many redeem at once.
"""

from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from sqlalchemy import Integer, and_, bindparam, func, insert, or_, select, update

from models.onapps import voucher, voucher_redemption
from sunshine.db import Database, Reader, Row, Transaction
from sunshine.errors import Conflict, NotFound, violations
from sunshine.listing import Listing
from sunshine.rules.onapps_vouchers import ROWS, in_window
from sunshine.statements import Statement

_ONCE = Conflict("The voucher is redeemed for this order already", code="already_redeemed")
violations({"voucher_redemption_order_key": _ONCE})

# One text for what is unknown, expired or switched off: codes are secrets.
NO_SUCH = ("invalid", "Voucher is not valid")
USED_UP = ("used_up", "Voucher has been used up")
APPLIED = "Voucher applied successfully"

_v, _r = voucher.c, voucher_redemption.c
_is_row = _v.id == bindparam("id")
_USABLE = Statement(ROWS.where(_v.code == func.upper(bindparam("code")), *in_window()))
_CONSUME = Statement(
    update(voucher)
    .where(
        _is_row,
        *in_window(),
        or_(_v.usage_limit.is_(None), _v.used < _v.usage_limit),
    )
    .values(used=_v.used + 1, updated_at=bindparam("now"))
)
_RELEASE_ONE = Statement(
    update(voucher).where(_is_row).values(used=_v.used - 1, updated_at=bindparam("now"))
)
REDEMPTION = {
    "orderRef": _r.order_ref,
    "customerId": _r.customer_id,
    "orderAmount": _r.order_amount,
    "discount": _r.discount,
    "finalAmount": _r.final_amount,
    "redeemedBy": _r.redeemed_by,
}
_redemptions = (
    select(
        _r.id,
        _r.voucher_id.label("voucherId"),
        _v.code,
        *(column.label(name) for name, column in REDEMPTION.items()),
        _r.redeemed_at.label("redeemedAt"),
        _r.released_at.label("releasedAt"),
    )
    .select_from(voucher_redemption.join(voucher, _v.id == _r.voucher_id))
)  # fmt: skip
_REDEMPTION = Statement(_redemptions.where(_r.id == bindparam("id")))
_OF_ORDER = Statement(
    _redemptions.where(
        _r.voucher_id == bindparam("voucher"),
        _r.order_ref == bindparam("order"),
        _r.released_at.is_(None),
    )
)
_BY_CUSTOMER = Statement(
    select(func.count().label("number")).where(
        _r.voucher_id == bindparam("voucher"),
        _r.customer_id == bindparam("customer", type_=Integer),
        _r.released_at.is_(None),
    )
)
_REDEEM = Statement(
    insert(voucher_redemption)
    .values({column: bindparam(name, type_=column.type) for name, column in REDEMPTION.items()})
    .values({_r.voucher_id: bindparam("voucher"), _r.redeemed_at: bindparam("now")})
    .returning(_r.id)
)
_RELEASE = Statement(
    update(voucher_redemption)
    .where(and_(_r.id == bindparam("id"), _r.released_at.is_(None)))
    .values(released_at=bindparam("now"))
    .returning(_r.voucher_id)
)
redemptions = Listing(
    _redemptions.where(_r.voucher_id == bindparam("voucher")), key=_r.id, default_sort="-id"
)


async def validate(
    database: Database,
    *,
    code: str,
    orderAmount: Decimal,
    customerId: int | None = None,
) -> Row:
    """What the voucher would take off: `{valid, discount, finalAmount, message, reason?}`."""
    found = await database.one(_USABLE, code=code, today=database.today)
    reason, message = await _objection(database, found, orderAmount, customerId) or ("", "")
    if found is None or reason:
        return {"valid": False, "discount": 0, "finalAmount": orderAmount, "message": message,
                "reason": reason}  # fmt: skip
    discount = discount_of(found, orderAmount)
    final = orderAmount - discount
    return {"valid": True, "discount": _plain(discount), "finalAmount": _plain(final),
            "message": APPLIED}  # fmt: skip


async def redeem(
    tx: Transaction,
    *,
    code: str,
    orderAmount: Decimal,
    orderRef: str,
    customerId: int | None = None,
) -> Row:
    """Use the voucher for an order, once; Conflict says why it cannot be."""
    found = await tx.one(_USABLE, code=code, today=tx.today)
    if found is not None:
        # Consumed first: the row is locked from here on, and what others did is seen below.
        consumed = await tx.run(_CONSUME, id=found["id"], today=tx.today)
        known = await tx.one(_OF_ORDER, voucher=found["id"], order=orderRef)
        if known is not None:
            raise Conflict(_ONCE.message, code=_ONCE.code, data=known)
        if not consumed:
            raise _refusal(USED_UP)
        found["used"] = -1  # counted above
    objection = await _objection(tx, found, orderAmount, customerId)
    if found is None or objection:
        raise _refusal(objection or NO_SUCH)
    discount = discount_of(found, orderAmount)
    made = await tx.only(
        _REDEEM,
        voucher=found["id"],
        orderRef=orderRef,
        customerId=customerId,
        orderAmount=orderAmount,
        discount=discount,
        finalAmount=orderAmount - discount,
        redeemedBy=tx.actor.name,
    )
    row = await tx.only(_REDEMPTION, id=made["id"])
    await tx.record("voucher_redeemed", "voucher_redemption", row["id"], after=row)
    return row


async def release(tx: Transaction, id_: int) -> Row:
    """Take a redemption back, once: the voucher may be used again."""
    released = await tx.one(_RELEASE, id=id_)
    row = await tx.one(_REDEMPTION, id=id_)
    if row is None:
        raise NotFound
    if released is None:
        raise Conflict("The redemption is released already", code="already_released", data=row)
    await tx.run(_RELEASE_ONE, id=row["voucherId"])
    await tx.record("voucher_released", "voucher_redemption", id_, after=row)
    return row


def discount_of(row: Mapping[str, Any], amount: Decimal) -> Decimal:
    """What is taken off an amount: at most the amount, rounded half up at the cent."""
    value: Decimal = row["discountValue"]
    if row["discountType"] == "percentage":
        value = (amount * value / 100).quantize(Decimal("0.01"), ROUND_HALF_UP)
        if row["maxDiscount"] is not None:
            value = min(value, row["maxDiscount"])
    return min(value, amount)


async def _objection(
    reader: Reader, found: Row | None, amount: Decimal, customer: int | None
) -> tuple[str, str] | None:
    """Why the voucher cannot be used for this order."""
    if found is None:
        return NO_SUCH
    if found["usageLimit"] is not None and found["used"] >= found["usageLimit"]:
        return USED_UP
    if amount < found["minPurchase"]:
        return "min_purchase", f"Order amount must be at least {found['minPurchase']:f}"
    if found["perCustomerLimit"] is not None:
        if customer is None:
            return "customer_required", "Voucher needs a customer"
        [count] = await reader.all(_BY_CUSTOMER, voucher=found["id"], customer=customer)
        if count["number"] >= found["perCustomerLimit"]:
            return "customer_limit", "Customer has used this voucher as often as allowed"
    return None


def _refusal(objection: tuple[str, str]) -> Conflict:
    reason, message = objection
    return Conflict(message, code=f"voucher_{reason}")


def _plain(amount: Decimal) -> Decimal:
    """30, not 30.00."""
    return amount.to_integral_value() if amount == amount.to_integral_value() else amount
