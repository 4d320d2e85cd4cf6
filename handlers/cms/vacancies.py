"""Vacancies over HTTP. Rules: sunshine/modules/cms/vacancies.py. Tables: models/cms.py."""

from handlers.cms.content import ContentRow, Contents
from sunshine.modules.cms.schemas import CHANGE_VACANCY, OPENING, VACANCY
from sunshine.modules.cms.vacancies import vacancies
from sunshine.web.described import created, done, one, page, unchanged
from sunshine.web.files.attachment_spec import Filing
from sunshine.web.guards import body, content_reader, may, query, signed_in
from sunshine.web.routes import Route

IMAGES = Filing("cms/vacancy", "vacancy")


class Vacancies(Contents):
    """All vacancies.

    Open until `closingDate`, itself included; then it is closed by itself. Without `cms:write` only
    what is published and within its dates is shown. Authors change their own, `cms:publish` all;
    publishing needs it.
    """

    kind = vacancies
    filing = IMAGES


class Vacancy(ContentRow):
    """One vacancy."""

    kind = vacancies
    filing = IMAGES


WRITES = may("cms:write", "cms:publish", "cms:careers")
PUBLISHES = may("cms:publish", "cms:careers")

routes = [
    Route(
        "/api/cms/vacancies",
        Vacancies,
        GET=[content_reader, query(vacancies.listing.schema), page(OPENING), unchanged],
        POST=[signed_in, WRITES, body(VACANCY), created(OPENING)],
    ),
    Route(
        "/api/cms/vacancies/{id_}",
        Vacancy,
        GET=[content_reader, one(OPENING), unchanged],
        PUT=[signed_in, WRITES, body(CHANGE_VACANCY), one(OPENING)],
        DELETE=[signed_in, PUBLISHES, done],
    ),
]
