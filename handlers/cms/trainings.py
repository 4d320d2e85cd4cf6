"""Training materials over HTTP. Rules: sunshine/modules/cms/trainings.py. Tables: models/cms.py."""

from handlers.cms.content import ContentRow, Contents
from sunshine.modules.cms.schemas import CHANGE_TRAINING, MATERIAL, TRAINING
from sunshine.modules.cms.trainings import trainings
from sunshine.web.described import created, done, one, page, unchanged
from sunshine.web.files.attachment_spec import Filing
from sunshine.web.guards import body, may, query, signed_in
from sunshine.web.routes import Route

FILES = Filing("cms/training", "training")


class Trainings(Contents):
    """All training materials.

    Internal: never without a token. Without `cms:write` only what is published and within its dates
    is shown. Authors change their own, `cms:publish` all; publishing needs it.
    """

    kind = trainings
    filing = FILES


class Training(ContentRow):
    """One of them."""

    kind = trainings
    filing = FILES


WRITES = may("cms:write", "cms:publish", "cms:careers")
PUBLISHES = may("cms:publish", "cms:careers")

routes = [
    Route(
        "/api/cms/training",
        Trainings,
        GET=[
            signed_in,
            may("cms:read"),
            query(trainings.listing.schema),
            page(MATERIAL),
            unchanged,
        ],
        POST=[signed_in, WRITES, body(TRAINING), created(MATERIAL)],
    ),
    Route(
        "/api/cms/training/{id_}",
        Training,
        GET=[signed_in, may("cms:read"), one(MATERIAL), unchanged],
        PUT=[signed_in, WRITES, body(CHANGE_TRAINING), one(MATERIAL)],
        DELETE=[signed_in, PUBLISHES, done],
    ),
]
