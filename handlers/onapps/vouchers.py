"""Vouchers over HTTP. Rules: sunshine/modules/onapps/vouchers.py. Tables: models/onapps.py."""

from sunshine.modules.onapps import vouchers as rules
from sunshine.modules.onapps.schemas import CHANGE, CREATE, VOUCHER
from sunshine.web.files.attachment_spec import AttachmentSpec
from sunshine.web.files.attachments import WithAttachments
from sunshine.web.guards import body, query, requires_permission, signed_in
from sunshine.web.response_specs import conflicts, created, item, ok_message, page
from sunshine.web.routes import Route


class _Vouchers(WithAttachments):
    filing = AttachmentSpec("onapps/voucher", "voucher")


class Vouchers(_Vouchers):
    """All vouchers."""

    async def get(self) -> None:
        """List vouchers.

        `search` finds codes and descriptions.
        """
        self.reply_page(await rules.listing.page(self.db.sunshine, self.query))

    async def post(self) -> None:
        """Create a voucher.

        Codes are stored in capitals, are unique and never change. A percentage is above 0 and at
        most 100. `validUntil` includes that day.
        """
        async with self.transaction() as tx:
            voucher = await rules.create(tx, self.body)
            self.reply(voucher, message="Voucher created", status=201)


class Voucher(_Vouchers):
    """One voucher."""

    async def get(self, voucher_id: int) -> None:
        """Get a voucher.

        `used` counts its redemptions that are not released.
        """
        self.reply(await rules.get(self.db.sunshine, voucher_id))

    async def put(self, voucher_id: int) -> None:
        """Change a voucher.

        The code never changes. `usageLimit` cannot be set below `used`.
        """
        async with self.transaction() as tx:
            voucher = await rules.change(tx, voucher_id, self.body)
            self.reply(voucher, message="Voucher updated")

    async def delete(self, voucher_id: int) -> None:
        """Delete a voucher.

        Its redemptions stay; the code is free again.
        """
        async with self.transaction() as tx:
            await rules.delete(tx, voucher_id)
            self.reply(message="Voucher deleted")


MANAGES = requires_permission("vouchers:manage")

routes = [
    Route(
        "/api/onapps/vouchers",
        Vouchers,
        GET=[signed_in, MANAGES, query(rules.listing.schema), page(VOUCHER)],
        POST=[signed_in, MANAGES, body(CREATE), created(VOUCHER), conflicts("code_taken")],
    ),
    Route(
        "/api/onapps/vouchers/{voucher_id}",
        Voucher,
        GET=[signed_in, MANAGES, item(VOUCHER)],
        PUT=[signed_in, MANAGES, body(CHANGE), item(VOUCHER)],
        DELETE=[signed_in, MANAGES, ok_message],
    ),
]
