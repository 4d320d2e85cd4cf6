"""Partners' documents over HTTP. Rules: sunshine/modules/mitra/documents.py."""

from handlers.mitra.partners import MANAGES, READS
from sunshine.database import documents
from sunshine.modules.mitra import documents as rules
from sunshine.modules.mitra.schemas import CHANGE_DOCUMENT, CREATE_DOCUMENT, DOCUMENT
from sunshine.web.files.attachment_spec import AttachmentSpec
from sunshine.web.files.attachments import WithAttachments
from sunshine.web.guards import body, query, signed_in
from sunshine.web.response_specs import conflicts, created, errors, item, ok_message, page
from sunshine.web.routes import Route


class _Documents(WithAttachments):
    filing = AttachmentSpec("mitra", "partner_document", check=rules.check_file)


class Documents(_Documents):
    """A partner's documents, of any shape."""

    async def get(self, id_: int) -> None:
        """List a partner's documents.

        Their `fields` are JSON objects of any shape. `search` looks in titles.
        """
        self.reply_page(await rules.page(self.db, self.query, id_))

    async def post(self, id_: int) -> None:
        """Create a document of a partner.

        `fields` is any JSON object of at most 256 KiB and is returned exactly as sent. A string in
        it that is the URL of an upload keeps the file.
        """
        await self.settle(self.db["mitra"])
        draft = await rules.draft(self.db, id_, self.body)
        async with self.transaction("mitra") as tx:
            document = await rules.create(tx, draft)
            self.reply(document, message="Document created", status=201)


class Document(_Documents):
    """One document."""

    async def get(self, id_: int, document_id: int) -> None:
        """Get a partner's document.

        While MongoDB is unavailable, 503 `documents_unavailable` within 3 seconds.
        """
        self.reply(await rules.find(self.db, id_, document_id))

    async def put(self, id_: int, document_id: int) -> None:
        """Change a partner's document.

        The given members are merged, `fields` as a whole. With `version`, a document that was
        changed meanwhile is 409 `changed_meanwhile`, with the present one in `data`.
        """
        await self.settle(self.db["mitra"])
        draft = await rules.redraft(self.db, id_, document_id, self.body)
        async with self.transaction("mitra") as tx:
            document = await rules.change(tx, draft)
            self.reply(document, message="Document updated")

    async def delete(self, id_: int, document_id: int) -> None:
        """Delete a partner's document.

        A document that was changed meanwhile is 409 `changed_meanwhile`: read it again first.
        """
        found = await rules.find(self.db, id_, document_id)
        async with self.transaction("mitra") as tx:
            await rules.delete(tx, found)
            self.reply(message="Document deleted")


AWAY = errors(503, documents.CODE)

routes = [
    Route(
        "/api/mitra/{id_}/documents",
        Documents,
        GET=[signed_in, READS, query(rules.listing.schema), page(DOCUMENT), AWAY],
        POST=[signed_in, MANAGES, body(CREATE_DOCUMENT), created(DOCUMENT), AWAY],
    ),
    Route(
        "/api/mitra/{id_}/documents/{document_id}",
        Document,
        GET=[signed_in, READS, item(DOCUMENT), AWAY],
        PUT=[
            signed_in,
            MANAGES,
            body(CHANGE_DOCUMENT),
            item(DOCUMENT),
            conflicts("changed_meanwhile"),
            AWAY,
        ],
        DELETE=[signed_in, MANAGES, ok_message, conflicts("changed_meanwhile"), AWAY],
    ),
]
