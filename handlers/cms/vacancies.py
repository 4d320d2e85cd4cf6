"""Vacancies over HTTP. Rules: sunshine/modules/cms/vacancies.py. Tables: models/cms.py."""

from handlers.cms.content import ContentRow, Contents
from sunshine.modules.cms.schemas import CHANGE_VACANCY, OPENING, VACANCY
from sunshine.modules.cms.vacancies import vacancies
from sunshine.web.files.attachment_spec import AttachmentSpec
from sunshine.web.guards import body, content_reader, query, requires_permission, signed_in
from sunshine.web.response_specs import created, item, not_modified, ok_message, page
from sunshine.web.routes import Route

IMAGES = AttachmentSpec("cms/vacancy", "vacancy")


class Vacancies(Contents):
    """All vacancies.

    Open through `closingDate`; then a vacancy reads as closed. Callers without `cms:write` see only
    open ones. Authors change their own drafts; publishing and changing everything else takes
    `cms:publish` or `cms:careers`.
    """

    kind = vacancies
    filing = IMAGES


class Vacancy(ContentRow):
    """One vacancy."""

    kind = vacancies
    filing = IMAGES


WRITES = requires_permission("cms:write", "cms:publish", "cms:careers")
PUBLISHES = requires_permission("cms:publish", "cms:careers")

routes = [
    Route(
        "/api/cms/vacancies",
        Vacancies,
        GET=[content_reader, query(vacancies.listing.schema), page(OPENING), not_modified],
        POST=[signed_in, WRITES, body(VACANCY), created(OPENING)],
    ),
    Route(
        "/api/cms/vacancies/{id_}",
        Vacancy,
        GET=[content_reader, item(OPENING), not_modified],
        PUT=[signed_in, WRITES, body(CHANGE_VACANCY), item(OPENING)],
        DELETE=[signed_in, PUBLISHES, ok_message],
    ),
]
