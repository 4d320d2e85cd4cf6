"""Drop points over HTTP. Rules: sunshine/rules/cms_droppoint.py. Tables: models/cms.py."""

from handlers.cms import ContentRow, Contents
from sunshine.rules.cms_droppoint import drop_points
from sunshine.schemas.cms import CHANGE_DROP_POINT, DROP_POINT
from sunshine.web.guards import body, content_reader, may, query, signed_in
from sunshine.web.routes import Route


class DropPoints(Contents):
    """All drop points."""

    kind = drop_points


class DropPoint(ContentRow):
    """One drop point."""

    kind = drop_points


PUBLISHES = may("cms:publish")

routes = [
    Route(
        "/api/cms/droppoint",
        DropPoints,
        GET=[content_reader, query(drop_points.listing.schema)],
        POST=[signed_in, PUBLISHES, body(DROP_POINT)],
    ),
    Route(
        "/api/cms/droppoint/{id_}",
        DropPoint,
        GET=[content_reader],
        PUT=[signed_in, PUBLISHES, body(CHANGE_DROP_POINT)],
        DELETE=[signed_in, PUBLISHES],
    ),
]
