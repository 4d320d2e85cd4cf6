"""Advertisements over HTTP. Rules: sunshine/rules/cms_ads.py. Tables: models/cms.py."""

from handlers.cms import ContentRow, Contents
from sunshine.rules.cms_ads import ads
from sunshine.schemas.cms import AD, CHANGE_AD
from sunshine.web.guards import body, content_reader, may, query, signed_in
from sunshine.web.routes import Route


class Ads(Contents):
    """All advertisements."""

    kind = ads


class Ad(ContentRow):
    """One advertisement."""

    kind = ads


WRITES = may("cms:write", "cms:publish")
PUBLISHES = may("cms:publish")

routes = [
    Route(
        "/api/cms/ads",
        Ads,
        GET=[content_reader, query(ads.listing.schema)],
        POST=[signed_in, WRITES, body(AD)],
    ),
    Route(
        "/api/cms/ads/{id_}",
        Ad,
        GET=[content_reader],
        PUT=[signed_in, WRITES, body(CHANGE_AD)],
        DELETE=[signed_in, PUBLISHES],
    ),
]
