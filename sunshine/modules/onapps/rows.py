"""The rows that the statements of the apps' settings and vouchers return, keys as the API names
them. Amounts are in the company's currency."""

import datetime as dt
from decimal import Decimal
from typing import Any, NotRequired, TypedDict


class DiscountRow(TypedDict):
    """How a voucher discounts: a percentage, capped by `maxDiscount`, or a fixed amount."""

    discountType: str
    discountValue: Decimal
    maxDiscount: Decimal | None


class TermsRow(DiscountRow):
    """The terms of a voucher that an order must meet."""

    id: int
    minPurchase: Decimal
    perCustomerLimit: int | None


class VoucherRow(TermsRow):
    """A voucher; `used` counts its redemptions that are not released."""

    code: str
    description: str | None
    image: str | None
    validFrom: dt.date | None
    validUntil: dt.date | None
    usageLimit: int | None
    public: bool
    active: bool
    used: int
    createdAt: dt.datetime
    updatedAt: dt.datetime


class PublicVoucherRow(DiscountRow):
    """A voucher as every app may show it."""

    code: str
    description: str | None
    image: str | None
    minPurchase: Decimal
    validUntil: dt.date | None


class RedemptionRow(TypedDict):
    """A use of a voucher for an order; `releasedAt` is null while it counts."""

    id: int
    voucherId: int
    code: str
    orderRef: str
    customerId: int | None
    orderAmount: Decimal
    discount: Decimal
    finalAmount: Decimal
    redeemedBy: str
    redeemedAt: dt.datetime
    releasedAt: dt.datetime | None


class CountRow(TypedDict):
    """How often a customer has used a voucher."""

    number: int


class ReleasedRow(TypedDict):
    """Which voucher a released redemption was of."""

    voucher_id: int


class Validation(TypedDict):
    """What a voucher would take off an order; `reason` says why it is not valid."""

    valid: bool
    discount: Decimal | int
    finalAmount: Decimal
    message: str
    reason: NotRequired[str]


class SettingsRow(TypedDict):
    """The settings of the apps, of any shape."""

    settings: dict[str, Any]


class Onapps(SettingsRow):
    """The settings, and the vouchers that are public and usable today."""

    vouchers: list[PublicVoucherRow]
