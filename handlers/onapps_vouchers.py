"""Vouchers over HTTP. Rules: sunshine/rules/onapps_vouchers.py. Tables: models/onapps.py."""

from sunshine.rules import onapps_vouchers as rules
from sunshine.schemas.onapps import CHANGE, CREATE
from sunshine.web.claims import Filed, Filing
from sunshine.web.guards import body, may, query, signed_in
from sunshine.web.routes import Route


class _Vouchers(Filed):
    filing = Filing("onapps/voucher", ("image",))


class Vouchers(_Vouchers):
    """All vouchers."""

    async def get(self) -> None:
        """A page."""
        self.reply_page(await rules.listing.page(self.db.sunshine, self.query))

    async def post(self) -> None:
        """A new voucher."""
        async with self.transaction() as tx:
            voucher = await rules.create(tx, self.body)
            self.reply(voucher, message="Voucher created", status=201)


class Voucher(_Vouchers):
    """One voucher."""

    async def get(self, voucher_id: int) -> None:
        """The voucher."""
        self.reply(await rules.find(self.db.sunshine, voucher_id))

    async def put(self, voucher_id: int) -> None:
        """Merge what is sent; the code stays."""
        async with self.transaction() as tx:
            voucher = await rules.change(tx, voucher_id, self.body)
            self.reply(voucher, message="Voucher updated")

    async def delete(self, voucher_id: int) -> None:
        """Delete it; its redemptions stay."""
        async with self.transaction() as tx:
            await rules.delete(tx, voucher_id)
            self.reply(message="Voucher deleted")


MANAGES = may("vouchers:manage")

routes = [
    Route(
        "/api/onapps/vouchers",
        Vouchers,
        GET=[signed_in, MANAGES, query(rules.listing.schema)],
        POST=[signed_in, MANAGES, body(CREATE)],
    ),
    Route(
        "/api/onapps/vouchers/{voucher_id}",
        Voucher,
        GET=[signed_in, MANAGES],
        PUT=[signed_in, MANAGES, body(CHANGE)],
        DELETE=[signed_in, MANAGES],
    ),
]
