"""Drop points over HTTP. Rules: sunshine/modules/cms/drop_points.py. Tables: models/cms.py."""

from handlers.cms.content import ContentRow, Contents
from sunshine.modules.cms.drop_points import drop_points
from sunshine.modules.cms.schemas import CHANGE_DROP_POINT, DROP_POINT, POINT
from sunshine.web.guards import body, content_reader, query, requires_permission, signed_in
from sunshine.web.response_specs import created, item, not_modified, ok_message, page
from sunshine.web.routes import Route


class DropPoints(Contents):
    """All drop points.

    With `lat`, `lng` and `radiusKm` the nearest come first, with `distanceKm`. `isOpen` is
    calculated at the time of the request. Everybody sees active ones; seeing the others and
    changing any takes `cms:publish`.
    """

    kind = drop_points


class DropPoint(ContentRow):
    """One drop point."""

    kind = drop_points


PUBLISHES = requires_permission("cms:publish")

routes = [
    Route(
        "/api/cms/droppoint",
        DropPoints,
        GET=[content_reader, query(drop_points.listing.schema), page(POINT), not_modified],
        POST=[signed_in, PUBLISHES, body(DROP_POINT), created(POINT)],
    ),
    Route(
        "/api/cms/droppoint/{id_}",
        DropPoint,
        GET=[content_reader, item(POINT), not_modified],
        PUT=[signed_in, PUBLISHES, body(CHANGE_DROP_POINT), item(POINT)],
        DELETE=[signed_in, PUBLISHES, ok_message],
    ),
]
