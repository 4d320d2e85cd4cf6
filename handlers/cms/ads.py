"""Advertisements over HTTP. Rules: sunshine/modules/cms/ads.py. Tables: models/cms.py."""

from handlers.cms.content import ContentRow, Contents
from sunshine.modules.cms.ads import ads
from sunshine.modules.cms.schemas import AD, ADVERTISEMENT, CHANGE_AD
from sunshine.web.files.attachment_spec import AttachmentSpec
from sunshine.web.guards import body, content_reader, query, requires_permission, signed_in
from sunshine.web.response_specs import created, item, not_modified, ok_message, page
from sunshine.web.routes import Route

IMAGES = AttachmentSpec("cms/ad", "ad")


class Ads(Contents):
    """All advertisements.

    Active ones are public from `startDate` through `endDate`. Callers without `cms:write` see only
    what is public. Authors change their own drafts; publishing and changing everything else takes
    `cms:publish`.
    """

    kind = ads
    filing = IMAGES


class Ad(ContentRow):
    """One advertisement."""

    kind = ads
    filing = IMAGES


WRITES = requires_permission("cms:write", "cms:publish")
PUBLISHES = requires_permission("cms:publish")

routes = [
    Route(
        "/api/cms/ads",
        Ads,
        GET=[content_reader, query(ads.listing.schema), page(ADVERTISEMENT), not_modified],
        POST=[signed_in, WRITES, body(AD), created(ADVERTISEMENT)],
    ),
    Route(
        "/api/cms/ads/{id_}",
        Ad,
        GET=[content_reader, item(ADVERTISEMENT), not_modified],
        PUT=[signed_in, WRITES, body(CHANGE_AD), item(ADVERTISEMENT)],
        DELETE=[signed_in, PUBLISHES, ok_message],
    ),
]
