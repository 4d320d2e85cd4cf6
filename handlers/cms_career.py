"""Career pages over HTTP. Rules: sunshine/rules/cms_career.py. Tables: models/cms.py."""

from handlers.cms import ContentRow, Contents
from sunshine.rules.cms_career import careers
from sunshine.schemas.cms import CAREER, CHANGE_CAREER
from sunshine.web.guards import body, content_reader, may, query, signed_in
from sunshine.web.routes import Route


class CareerPages(Contents):
    """All pages about working here."""

    kind = careers


class CareerPage(ContentRow):
    """One page."""

    kind = careers


WRITES = may("cms:write", "cms:publish", "cms:careers")
PUBLISHES = may("cms:publish", "cms:careers")

routes = [
    Route(
        "/api/cms/career",
        CareerPages,
        GET=[content_reader, query(careers.listing.schema)],
        POST=[signed_in, WRITES, body(CAREER)],
    ),
    Route(
        "/api/cms/career/{id_}",
        CareerPage,
        GET=[content_reader],
        PUT=[signed_in, WRITES, body(CHANGE_CAREER)],
        DELETE=[signed_in, PUBLISHES],
    ),
]
