"""Partners' documents over HTTP. Rules: sunshine/rules/mitra_documents.py."""

from handlers.mitra import MANAGES, READS
from sunshine.rules import mitra_documents as rules
from sunshine.schemas.mitra import CHANGE_DOCUMENT, CREATE_DOCUMENT
from sunshine.web.guards import body, query, signed_in
from sunshine.web.handler import Handler
from sunshine.web.routes import Route


class Documents(Handler):
    """A partner's documents, of any shape."""

    async def get(self, id_: int) -> None:
        """A page."""
        self.reply_page(await rules.page(self.db, self.query, id_))

    async def post(self, id_: int) -> None:
        """A new document."""
        draft = await rules.draft(self.db, id_, self.body)
        async with self.transaction("mitra") as tx:
            document = await rules.create(tx, draft)
            self.reply(document, message="Document created", status=201)


class Document(Handler):
    """One document."""

    async def get(self, id_: int, document_id: int) -> None:
        """The document."""
        self.reply(await rules.find(self.db, id_, document_id))

    async def put(self, id_: int, document_id: int) -> None:
        """Merge what is sent; `fields` as a whole."""
        draft = await rules.redraft(self.db, id_, document_id, self.body)
        async with self.transaction("mitra") as tx:
            document = await rules.change(tx, draft)
            self.reply(document, message="Document updated")

    async def delete(self, id_: int, document_id: int) -> None:
        """Delete it."""
        found = await rules.find(self.db, id_, document_id)
        async with self.transaction("mitra") as tx:
            await rules.delete(tx, found)
            self.reply(message="Document deleted")


routes = [
    Route(
        "/api/mitra/{id_}/documents",
        Documents,
        GET=[signed_in, READS, query(rules.listing.schema)],
        POST=[signed_in, MANAGES, body(CREATE_DOCUMENT)],
    ),
    Route(
        "/api/mitra/{id_}/documents/{document_id}",
        Document,
        GET=[signed_in, READS],
        PUT=[signed_in, MANAGES, body(CHANGE_DOCUMENT)],
        DELETE=[signed_in, MANAGES],
    ),
]
