"""Validating and redeeming vouchers. The vouchers: vouchers.py. Tables: models/onapps.py.

Validating never consumes a use; redeeming does, in one conditional statement, so that the limit
holds however many redeem at once.
"""

from decimal import ROUND_HALF_UP, Decimal

from sqlalchemy import Integer, Text, and_, bindparam, func, insert, or_, select, update

from models.onapps import voucher, voucher_redemption
from sunshine.core.errors import Conflict, NotFound, violations
from sunshine.database.database import Database, Reader, Transaction
from sunshine.database.pages import ListQuery
from sunshine.database.statements import IdRow, Statement
from sunshine.modules.onapps.rows import (
    CountRow,
    DiscountRow,
    RedemptionRow,
    ReleasedRow,
    TermsRow,
    Validation,
    VoucherRow,
)
from sunshine.modules.onapps.vouchers import FIELDS, ROWS, in_window

_ONCE = Conflict("The voucher is redeemed for this order already", code="already_redeemed")
violations({"voucher_redemption_order_key": _ONCE})

# One message for unknown, expired and inactive codes: codes are secrets.
NO_SUCH = ("invalid", "Voucher is not valid")
USED_UP = ("used_up", "Voucher has been used up")
APPLIED = "Voucher applied successfully"

_v, _r = voucher.c, voucher_redemption.c
_is_code = _v.code == func.upper(bindparam("code", type_=Text))
_TERMS = ("discountType", "discountValue", "minPurchase", "maxDiscount", "perCustomerLimit")
_USABLE = Statement(ROWS.where(_is_code, *in_window()), VoucherRow)
# It returns the terms as they are once the row is locked.
_CONSUME = Statement(
    update(voucher)
    .where(
        _is_code,
        *in_window(),
        or_(_v.usage_limit.is_(None), _v.used < _v.usage_limit),
    )
    .values(used=_v.used + 1, updated_at=bindparam("now"))
    .returning(_v.id, *(FIELDS[name].label(name) for name in _TERMS)),
    TermsRow,
)
_UNCONSUME = Statement(
    update(voucher)
    .where(_v.id == bindparam("id"))
    .values(used=_v.used - 1, updated_at=bindparam("now"))
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
_GET = Statement(_redemptions.where(_r.id == bindparam("id")), RedemptionRow)
_OF_ORDER = Statement(
    _redemptions.where(
        _r.voucher_id == bindparam("voucher"),
        _r.order_ref == bindparam("order"),
        _r.released_at.is_(None),
    ),
    RedemptionRow,
)
_COUNT_BY_CUSTOMER = Statement(
    select(func.count().label("number")).where(
        _r.voucher_id == bindparam("voucher"),
        _r.customer_id == bindparam("customer", type_=Integer),
        _r.released_at.is_(None),
    ),
    CountRow,
)
_INSERT = Statement(
    insert(voucher_redemption)
    .values({column: bindparam(name, type_=column.type) for name, column in REDEMPTION.items()})
    .values({_r.voucher_id: bindparam("voucher"), _r.redeemed_at: bindparam("now")})
    .returning(_r.id),
    IdRow,
)
_RELEASE = Statement(
    update(voucher_redemption)
    .where(and_(_r.id == bindparam("id"), _r.released_at.is_(None)))
    .values(released_at=bindparam("now"))
    .returning(_r.voucher_id),
    ReleasedRow,
)
redemptions = ListQuery(
    _redemptions.where(_r.voucher_id == bindparam("voucher")),
    key=_r.id,
    default_sort="-id",
    row=RedemptionRow,
)


async def validate(
    database: Database,
    *,
    code: str,
    orderAmount: Decimal,
    customerId: int | None = None,
) -> Validation:
    """Return what a voucher would take off an order, without using it up."""
    found = await database.one_or_none(_USABLE, code=code, today=database.today)
    if found is None:
        return _invalid(orderAmount, NO_SUCH)
    if found["usageLimit"] is not None and found["used"] >= found["usageLimit"]:
        return _invalid(orderAmount, USED_UP)
    if objection := await _objection(database, found, orderAmount, customerId):
        return _invalid(orderAmount, objection)
    discount = discount_of(found, orderAmount)
    final = orderAmount - discount
    return Validation(
        valid=True, discount=_plain(discount), finalAmount=_plain(final), message=APPLIED
    )


async def redeem(
    tx: Transaction,
    *,
    code: str,
    orderAmount: Decimal,
    orderRef: str,
    customerId: int | None = None,
) -> RedemptionRow:
    """Redeem a voucher for an order, once per `orderRef`; Conflict says why it cannot be."""
    # Consumed first: the row is locked from here on, and the statements below see what others did.
    found = await tx.one_or_none(_CONSUME, code=code, today=tx.today)
    usable = found or await tx.one_or_none(_USABLE, code=code, today=tx.today)
    if usable is None:
        raise _refusal(NO_SUCH)
    known = await tx.one_or_none(_OF_ORDER, voucher=usable["id"], order=orderRef)
    if known is not None:
        raise Conflict(_ONCE.message, code=_ONCE.code, data=known)
    if found is None:
        raise _refusal(USED_UP)
    if objection := await _objection(tx, found, orderAmount, customerId):
        raise _refusal(objection)
    discount = discount_of(found, orderAmount)
    made = await tx.one(
        _INSERT,
        voucher=found["id"],
        orderRef=orderRef,
        customerId=customerId,
        orderAmount=orderAmount,
        discount=discount,
        finalAmount=orderAmount - discount,
        redeemedBy=tx.actor.name,
    )
    row = await tx.one(_GET, id=made["id"])
    await tx.record("voucher_redeemed", "voucher_redemption", row["id"], after=row)
    return row


async def release(tx: Transaction, id_: int) -> RedemptionRow:
    """Release a redemption, once: that use of the voucher is free again.

    NotFound; Conflict `already_released`.
    """
    released = await tx.one_or_none(_RELEASE, id=id_)
    row = await tx.one_or_none(_GET, id=id_)
    if row is None:
        raise NotFound
    if released is None:
        raise Conflict("The redemption is released already", code="already_released", data=row)
    await tx.execute(_UNCONSUME, id=row["voucherId"])
    await tx.record("voucher_released", "voucher_redemption", id_, after=row)
    return row


def discount_of(row: DiscountRow, amount: Decimal) -> Decimal:
    """Return the discount on an amount: at most the amount, rounded half up to the cent."""
    value = row["discountValue"]
    if row["discountType"] == "percentage":
        value = (amount * value / 100).quantize(Decimal("0.01"), ROUND_HALF_UP)
        if row["maxDiscount"] is not None:
            value = min(value, row["maxDiscount"])
    return min(value, amount)


async def _objection(
    reader: Reader, found: TermsRow, amount: Decimal, customer: int | None
) -> tuple[str, str] | None:
    """Return the reason and message why an order does not meet the terms; None when it does."""
    if amount < found["minPurchase"]:
        return "min_purchase", f"Order amount must be at least {found['minPurchase']:f}"
    if found["perCustomerLimit"] is not None:
        if customer is None:
            return "customer_required", "Voucher needs a customer"
        [count] = await reader.all(_COUNT_BY_CUSTOMER, voucher=found["id"], customer=customer)
        if count["number"] >= found["perCustomerLimit"]:
            return "customer_limit", "Customer has used this voucher as often as allowed"
    return None


def _invalid(amount: Decimal, objection: tuple[str, str]) -> Validation:
    reason, message = objection
    return Validation(
        valid=False, discount=0, finalAmount=_plain(amount), message=message, reason=reason
    )


def _refusal(objection: tuple[str, str]) -> Conflict:
    reason, message = objection
    return Conflict(message, code=f"voucher_{reason}")


def _plain(amount: Decimal) -> Decimal:
    """Return a whole amount without decimals: 30, not 30.00."""
    return amount.to_integral_value() if amount == amount.to_integral_value() else amount
