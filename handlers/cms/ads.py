"""Advertisements over HTTP. Rules: sunshine/modules/cms/ads.py. Tables: models/cms.py."""

from handlers.cms.content import ContentRow, Contents
from sunshine.modules.cms.ads import ads
from sunshine.modules.cms.schemas import AD, ADVERTISEMENT, CHANGE_AD
from sunshine.web.described import created, done, one, page, unchanged
from sunshine.web.files.attachment_spec import Filing
from sunshine.web.guards import body, content_reader, may, query, signed_in
from sunshine.web.routes import Route

IMAGES = Filing("cms/ad", "ad")


class Ads(Contents):
    """All advertisements.

    Active ones are shown from `startDate` to `endDate`, itself included. Without `cms:write` only
    what is published and within its dates is shown. Authors change their own, `cms:publish` all;
    publishing needs it.
    """

    kind = ads
    filing = IMAGES


class Ad(ContentRow):
    """One advertisement."""

    kind = ads
    filing = IMAGES


WRITES = may("cms:write", "cms:publish")
PUBLISHES = may("cms:publish")

routes = [
    Route(
        "/api/cms/ads",
        Ads,
        GET=[content_reader, query(ads.listing.schema), page(ADVERTISEMENT), unchanged],
        POST=[signed_in, WRITES, body(AD), created(ADVERTISEMENT)],
    ),
    Route(
        "/api/cms/ads/{id_}",
        Ad,
        GET=[content_reader, one(ADVERTISEMENT), unchanged],
        PUT=[signed_in, WRITES, body(CHANGE_AD), one(ADVERTISEMENT)],
        DELETE=[signed_in, PUBLISHES, done],
    ),
]
