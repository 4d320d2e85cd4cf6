"""Validating and redeeming vouchers over HTTP. Rules: sunshine/modules/onapps/redemptions.py."""

from sunshine.modules.onapps import redemptions as rules
from sunshine.modules.onapps import vouchers
from sunshine.modules.onapps.schemas import REDEEM, REDEMPTION, VALIDATE, VALIDATED
from sunshine.web import rate_limits
from sunshine.web.guards import body, query, requires_permission, signed_in
from sunshine.web.handler import Handler
from sunshine.web.response_specs import conflicts, exactly, item, page
from sunshine.web.routes import Route


class Redemptions(Handler):
    """The redemptions of a voucher."""

    async def get(self, voucher_id: int) -> None:
        """List a voucher's redemptions, the latest first.

        Released ones are included.
        """
        database = self.db.sunshine
        await vouchers.get(database, voucher_id)
        self.reply_page(await rules.redemptions.page(database, self.query, voucher=voucher_id))


class Validation(Handler):
    """Validating a voucher."""

    async def post(self) -> None:
        """Ask what a voucher would take off an order.

        Nothing is used up. An unknown or unusable voucher is 200 with `valid` false and the
        `reason`. The discount never exceeds the amount; `maxDiscount` caps percentages. Throttled
        per caller, so that codes cannot be guessed.
        """
        await rate_limits.count_voucher(self)
        validation = await rules.validate(self.db.sunshine, **self.body)
        self.reply_exactly({"success": True, **validation})


class Redemption(Handler):
    """Redeeming a voucher."""

    async def post(self) -> None:
        """Redeem a voucher for an order.

        Once per `orderRef`: a repeat is 409 with the first redemption in `data`. Of many requests
        at once, as many succeed as uses are left. The code of a 409 says why. Throttled together
        with validation.
        """
        await rate_limits.count_voucher(self)
        async with self.transaction() as tx:
            redemption = await rules.redeem(tx, **self.body)
            self.reply(redemption, message=rules.APPLIED)


class Release(Handler):
    """Releasing a redemption."""

    async def post(self, redemption_id: int) -> None:
        """Release a redemption, once.

        The voucher can be used once more.
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
