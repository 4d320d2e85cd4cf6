"""Career pages over HTTP. Rules: sunshine/modules/cms/careers.py. Tables: models/cms.py."""

from handlers.cms.content import ContentRow, Contents
from sunshine.modules.cms.careers import careers
from sunshine.modules.cms.schemas import CAREER, CAREER_PAGE, CHANGE_CAREER
from sunshine.web.files.attachment_spec import AttachmentSpec
from sunshine.web.guards import body, content_reader, query, requires_permission, signed_in
from sunshine.web.response_specs import created, item, not_modified, ok_message, page
from sunshine.web.routes import Route

IMAGES = AttachmentSpec("cms/career", "career")


class CareerPages(Contents):
    """All career pages, about working here.

    HTML is sanitised. Callers without `cms:write` see only what is public. Authors change their own
    drafts; publishing and changing everything else takes `cms:publish` or `cms:careers`.
    """

    kind = careers
    filing = IMAGES


class CareerPage(ContentRow):
    """One career page."""

    kind = careers
    filing = IMAGES


WRITES = requires_permission("cms:write", "cms:publish", "cms:careers")
PUBLISHES = requires_permission("cms:publish", "cms:careers")

routes = [
    Route(
        "/api/cms/career",
        CareerPages,
        GET=[content_reader, query(careers.listing.schema), page(CAREER_PAGE), not_modified],
        POST=[signed_in, WRITES, body(CAREER), created(CAREER_PAGE)],
    ),
    Route(
        "/api/cms/career/{id_}",
        CareerPage,
        GET=[content_reader, item(CAREER_PAGE), not_modified],
        PUT=[signed_in, WRITES, body(CHANGE_CAREER), item(CAREER_PAGE)],
        DELETE=[signed_in, PUBLISHES, ok_message],
    ),
]
