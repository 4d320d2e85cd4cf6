"""Using vouchers over HTTP. Rules: sunshine/modules/onapps/redemptions.py."""

from sunshine.modules.onapps import redemptions as rules
from sunshine.modules.onapps import vouchers
from sunshine.modules.onapps.schemas import REDEEM, REDEMPTION, VALIDATE, VALIDATED
from sunshine.web import rate_limits
from sunshine.web.guards import body, query, requires_permission, signed_in
from sunshine.web.handler import Handler
from sunshine.web.response_specs import conflicts, exactly, item, page
from sunshine.web.routes import Route


class Redemptions(Handler):
    """What a voucher was used for."""

    async def get(self, voucher_id: int) -> None:
        """List what a voucher was used for, the latest first.

        Released ones too.
        """
        database = self.db.sunshine
        await vouchers.find(database, voucher_id)
        self.reply_page(await rules.redemptions.page(database, self.query, voucher=voucher_id))


class Validation(Handler):
    """What a voucher would take off."""

    async def post(self) -> None:
        """Ask what a voucher would take off.

        Nothing is used up. An unknown or unusable one is 200 with `valid` false and the `reason`.
        The discount is never more than the amount; `maxDiscount` caps percentages. Throttled per
        caller, so that codes cannot be guessed.
        """
        await rate_limits.count_voucher(self)
        found = await rules.validate(self.db.sunshine, **self.body)
        self.reply_exactly({"success": True, **found})


class Redemption(Handler):
    """Using a voucher."""

    async def post(self) -> None:
        """Use a voucher for an order.

        Once per `orderRef`: again is 409 with the first one in `data`. Of many who ask at once as
        many get it as are left. The code of a 409 says why. Throttled together with asking.
        """
        await rate_limits.count_voucher(self)
        async with self.transaction() as tx:
            redemption = await rules.redeem(tx, **self.body)
            self.reply(redemption, message=rules.APPLIED)


class Release(Handler):
    """Taking that back."""

    async def post(self, redemption_id: int) -> None:
        """Take a redemption back, once.

        The voucher may be used once more.
        """
        async with self.transaction() as tx:
            redemption = await rules.release(tx, redemption_id)
            self.reply(redemption, message="Redemption released")


MANAGES = requires_permission("vouchers:manage")
USES = requires_permission("vouchers:validate")

routes = [
    Route(
        "/api/onapps/vouchers/{voucher_id}/redemptions",
        Redemptions,
        GET=[signed_in, MANAGES, query(rules.redemptions.schema), page(REDEMPTION)],
    ),
    Route(
        "/api/onapps/vouchers/validate",
        Validation,
        POST=[signed_in, USES, body(VALIDATE), exactly(VALIDATED)],
    ),
    Route(
        "/api/onapps/vouchers/redeem",
        Redemption,
        POST=[
            signed_in,
            USES,
            body(REDEEM),
            item(REDEMPTION),
            conflicts(
                "already_redeemed",
                "voucher_invalid",
                "voucher_used_up",
                "voucher_min_purchase",
                "voucher_customer_required",
                "voucher_customer_limit",
            ),
        ],
    ),
    Route(
        "/api/onapps/vouchers/redemptions/{redemption_id}/release",
        Release,
        POST=[signed_in, MANAGES, item(REDEMPTION), conflicts("already_released")],
    ),
]
