"""Partners and their documents. Rules: sunshine/modules/mitra."""

from handlers.mitra import documents, partners

routes = [
    *partners.routes,
    *documents.routes,
]
