"""Training materials over HTTP. Rules: sunshine/modules/cms/trainings.py. Tables: models/cms.py."""

from handlers.cms.content import ContentRow, Contents
from sunshine.modules.cms.schemas import CHANGE_TRAINING, MATERIAL, TRAINING
from sunshine.modules.cms.trainings import trainings
from sunshine.web.files.attachment_spec import AttachmentSpec
from sunshine.web.guards import body, query, requires_permission, signed_in
from sunshine.web.response_specs import created, item, not_modified, ok_message, page
from sunshine.web.routes import Route

FILES = AttachmentSpec("cms/training", "training")


class Trainings(Contents):
    """All training materials.

    For employees: never without a token. Callers without `cms:write` see only what is published.
    Authors change their own drafts; publishing and changing everything else takes `cms:publish` or
    `cms:careers`.
    """

    kind = trainings
    filing = FILES


class Training(ContentRow):
    """One training material."""

    kind = trainings
    filing = FILES


WRITES = requires_permission("cms:write", "cms:publish", "cms:careers")
PUBLISHES = requires_permission("cms:publish", "cms:careers")

routes = [
    Route(
        "/api/cms/training",
        Trainings,
        GET=[
            signed_in,
            requires_permission("cms:read"),
            query(trainings.listing.schema),
            page(MATERIAL),
            not_modified,
        ],
        POST=[signed_in, WRITES, body(TRAINING), created(MATERIAL)],
    ),
    Route(
        "/api/cms/training/{id_}",
        Training,
        GET=[signed_in, requires_permission("cms:read"), item(MATERIAL), not_modified],
        PUT=[signed_in, WRITES, body(CHANGE_TRAINING), item(MATERIAL)],
        DELETE=[signed_in, PUBLISHES, ok_message],
    ),
]
