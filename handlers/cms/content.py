"""The handlers that all kinds of content share: blog.py, ads.py and the others.

Rules: sunshine/modules/cms/content.py.
"""

from typing import ClassVar

from sunshine.modules.cms.content import Content as Kind
from sunshine.web.content import Content
from sunshine.web.files.attachment_spec import AttachmentSpec
from sunshine.web.files.attachments import WithAttachments


class Contents(WithAttachments, Content):
    """The list of a kind of content, and new rows."""

    kind: ClassVar[Kind]
    filing = AttachmentSpec("cms")

    async def get(self) -> None:
        """List {title}s."""
        self.reply_page(await self.kind.page(self.db["cms"], self.query, actor=self.actor))

    async def post(self) -> None:
        """Create a {title}."""
        async with self.transaction("cms") as tx:
            people = self.db.sunshine
            row = await self.kind.create(tx, self.body, actor=self.actor, people=people)
            self.reply(row, message=f"{self.kind.title} created", status=201)


class ContentRow(WithAttachments, Content):
    """One row of a kind of content."""

    kind: ClassVar[Kind]
    filing = AttachmentSpec("cms")

    async def get(self, id_: int) -> None:
        """Get a {title}."""
        self.reply_row(await self.kind.find(self.db["cms"], id_, actor=self.actor))

    async def put(self, id_: int) -> None:
        """Change a {title}."""
        async with self.transaction("cms") as tx:
            people = self.db.sunshine
            row = await self.kind.change(tx, id_, self.body, actor=self.actor, people=people)
            self.reply(row, message=f"{self.kind.title} updated")

    async def delete(self, id_: int) -> None:
        """Delete a {title}."""
        async with self.transaction("cms") as tx:
            await self.kind.delete(tx, id_, actor=self.actor)
            self.reply(message=f"{self.kind.title} deleted")
