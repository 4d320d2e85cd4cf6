"""Career pages over HTTP. Rules: sunshine/modules/cms/careers.py. Tables: models/cms.py."""

from handlers.cms.content import ContentRow, Contents
from sunshine.modules.cms.careers import careers
from sunshine.modules.cms.schemas import CAREER, CAREER_PAGE, CHANGE_CAREER
from sunshine.web.described import created, done, one, page, unchanged
from sunshine.web.files.attachment_spec import Filing
from sunshine.web.guards import body, content_reader, may, query, signed_in
from sunshine.web.routes import Route

IMAGES = Filing("cms/career", "career")


class CareerPages(Contents):
    """All pages about working here.

    HTML is sanitised. Without `cms:write` only what is published and within its dates is shown.
    Authors change their own, `cms:publish` all; publishing needs it.
    """

    kind = careers
    filing = IMAGES


class CareerPage(ContentRow):
    """One page."""

    kind = careers
    filing = IMAGES


WRITES = may("cms:write", "cms:publish", "cms:careers")
PUBLISHES = may("cms:publish", "cms:careers")

routes = [
    Route(
        "/api/cms/career",
        CareerPages,
        GET=[content_reader, query(careers.listing.schema), page(CAREER_PAGE), unchanged],
        POST=[signed_in, WRITES, body(CAREER), created(CAREER_PAGE)],
    ),
    Route(
        "/api/cms/career/{id_}",
        CareerPage,
        GET=[content_reader, one(CAREER_PAGE), unchanged],
        PUT=[signed_in, WRITES, body(CHANGE_CAREER), one(CAREER_PAGE)],
        DELETE=[signed_in, PUBLISHES, done],
    ),
]
