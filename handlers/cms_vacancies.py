"""Vacancies over HTTP. Rules: sunshine/rules/cms_vacancies.py. Tables: models/cms.py."""

from handlers.cms import ContentRow, Contents
from sunshine.rules.cms_vacancies import vacancies
from sunshine.schemas.cms import CHANGE_VACANCY, VACANCY
from sunshine.web.guards import body, content_reader, may, query, signed_in
from sunshine.web.routes import Route


class Vacancies(Contents):
    """All vacancies."""

    kind = vacancies


class Vacancy(ContentRow):
    """One vacancy."""

    kind = vacancies


WRITES = may("cms:write", "cms:publish", "cms:careers")
PUBLISHES = may("cms:publish", "cms:careers")

routes = [
    Route(
        "/api/cms/vacancies",
        Vacancies,
        GET=[content_reader, query(vacancies.listing.schema)],
        POST=[signed_in, WRITES, body(VACANCY)],
    ),
    Route(
        "/api/cms/vacancies/{id_}",
        Vacancy,
        GET=[content_reader],
        PUT=[signed_in, WRITES, body(CHANGE_VACANCY)],
        DELETE=[signed_in, PUBLISHES],
    ),
]
