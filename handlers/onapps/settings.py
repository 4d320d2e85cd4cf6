"""The apps' settings over HTTP. Rules: sunshine/modules/onapps/settings.py. Tables:
models/onapps.py."""

from sunshine.modules.onapps import settings as rules
from sunshine.modules.onapps.schemas import CONFIGURE, ONAPPS
from sunshine.web.files.attachment_spec import AttachmentSpec
from sunshine.web.files.attachments import WithAttachments
from sunshine.web.guards import body, requires_permission, signed_in
from sunshine.web.response_specs import item
from sunshine.web.routes import Route


class Onapps(WithAttachments):
    """The apps' settings and public vouchers."""

    filing = AttachmentSpec("onapps", "onapps_setting", "voucher", within=("vouchers",))

    async def get(self) -> None:
        """Get the apps' settings and public vouchers.

        Up to 100 vouchers that are public and usable today.
        """
        self.reply(await rules.get(self.db.sunshine))

    async def put(self) -> None:
        """Replace the apps' settings.

        They are replaced as a whole and may have any shape.
        """
        async with self.transaction() as tx:
            settings = await rules.change(tx, self.body["settings"])
            self.reply(settings, message="Settings updated")


routes = [
    Route(
        "/api/onapps",
        Onapps,
        GET=[signed_in, requires_permission("vouchers:validate"), item(ONAPPS)],
        PUT=[signed_in, requires_permission("onapps:manage"), body(CONFIGURE), item(ONAPPS)],
    ),
]
