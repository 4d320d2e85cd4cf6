"""Using vouchers over HTTP. Rules: sunshine/rules/onapps_redemptions.py."""

from sunshine.rules import onapps_redemptions as rules
from sunshine.rules import onapps_vouchers
from sunshine.schemas.onapps import REDEEM, VALIDATE
from sunshine.web import limiting
from sunshine.web.guards import body, may, query, signed_in
from sunshine.web.handler import Handler
from sunshine.web.routes import Route


class Redemptions(Handler):
    """What a voucher was used for."""

    async def get(self, voucher_id: int) -> None:
        """A page, the latest first."""
        database = self.db.sunshine
        await onapps_vouchers.find(database, voucher_id)
        self.reply_page(await rules.redemptions.page(database, self.query, voucher=voucher_id))


class Validation(Handler):
    """What a voucher would take off."""

    async def post(self) -> None:
        """The documented shape; nothing is consumed."""
        await limiting.count_voucher(self)
        found = await rules.validate(self.db.sunshine, **self.body)
        self.reply_exactly({"success": True, **found})


class Redemption(Handler):
    """Using a voucher."""

    async def post(self) -> None:
        """Once per order."""
        async with self.transaction() as tx:
            redemption = await rules.redeem(tx, **self.body)
            self.reply(redemption, message=rules.APPLIED)


class Release(Handler):
    """Taking that back."""

    async def post(self, redemption_id: int) -> None:
        """The voucher may be used once more."""
        async with self.transaction() as tx:
            redemption = await rules.release(tx, redemption_id)
            self.reply(redemption, message="Redemption released")


MANAGES = may("vouchers:manage")
USES = may("vouchers:validate")

routes = [
    Route(
        "/api/onapps/vouchers/{voucher_id}/redemptions",
        Redemptions,
        GET=[signed_in, MANAGES, query(rules.redemptions.schema)],
    ),
    Route("/api/onapps/vouchers/validate", Validation, POST=[signed_in, USES, body(VALIDATE)]),
    Route("/api/onapps/vouchers/redeem", Redemption, POST=[signed_in, USES, body(REDEEM)]),
    Route(
        "/api/onapps/vouchers/redemptions/{redemption_id}/release",
        Release,
        POST=[signed_in, MANAGES],
    ),
]
