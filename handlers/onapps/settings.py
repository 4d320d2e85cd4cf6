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
    """What every app may know."""

    filing = AttachmentSpec("onapps", "onapps_setting", "voucher", within=("vouchers",))

    async def get(self) -> None:
        """Get what every app may know.

        The settings, and up to 100 vouchers that are public and usable today.
        """
        self.reply(await rules.show(self.db.sunshine))

    async def put(self) -> None:
        """Replace the apps' settings.

        As a whole; they are of any shape.
        """
        async with self.transaction() as tx:
            shown = await rules.change(tx, self.body["settings"])
            self.reply(shown, message="Settings updated")


routes = [
    Route(
        "/api/onapps",
        Onapps,
        GET=[signed_in, requires_permission("vouchers:validate"), item(ONAPPS)],
        PUT=[signed_in, requires_permission("onapps:manage"), body(CONFIGURE), item(ONAPPS)],
    ),
]
