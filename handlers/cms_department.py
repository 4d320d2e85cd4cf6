"""Public departments over HTTP. Rules: sunshine/rules/cms_department.py. Tables: models/cms.py."""

from handlers.cms import ContentRow, Contents
from sunshine.rules.cms_department import department_pages
from sunshine.schemas.cms import CHANGE_DEPARTMENT, DEPARTMENT
from sunshine.web.guards import body, content_reader, may, query, signed_in
from sunshine.web.routes import Route


class DepartmentPages(Contents):
    """All departments."""

    kind = department_pages


class DepartmentPage(ContentRow):
    """One department."""

    kind = department_pages


PUBLISHES = may("cms:publish")

routes = [
    Route(
        "/api/cms/department",
        DepartmentPages,
        GET=[content_reader, query(department_pages.listing.schema)],
        POST=[signed_in, PUBLISHES, body(DEPARTMENT)],
    ),
    Route(
        "/api/cms/department/{id_}",
        DepartmentPage,
        GET=[content_reader],
        PUT=[signed_in, PUBLISHES, body(CHANGE_DEPARTMENT)],
        DELETE=[signed_in, PUBLISHES],
    ),
]
