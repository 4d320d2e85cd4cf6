"""Public departments over HTTP. Rules: sunshine/modules/cms/department_pages.py. Tables:
models/cms.py."""

from handlers.cms.content import ContentRow, Contents
from sunshine.modules.cms.department_pages import department_pages
from sunshine.modules.cms.schemas import CHANGE_DEPARTMENT, DEPARTMENT, DEPARTMENT_PAGE
from sunshine.web.files.attachment_spec import AttachmentSpec
from sunshine.web.guards import body, content_reader, query, requires_permission, signed_in
from sunshine.web.response_specs import created, item, not_modified, ok_message, page
from sunshine.web.routes import Route

IMAGES = AttachmentSpec("cms/department", "department_page")


class DepartmentPages(Contents):
    """All departments.

    `departmentId` is one of `/api/departments`. Everybody sees active ones; seeing the others and
    changing any takes `cms:publish`.
    """

    kind = department_pages
    filing = IMAGES


class DepartmentPage(ContentRow):
    """One department."""

    kind = department_pages
    filing = IMAGES


PUBLISHES = requires_permission("cms:publish")

routes = [
    Route(
        "/api/cms/department",
        DepartmentPages,
        GET=[
            content_reader,
            query(department_pages.listing.schema),
            page(DEPARTMENT_PAGE),
            not_modified,
        ],
        POST=[signed_in, PUBLISHES, body(DEPARTMENT), created(DEPARTMENT_PAGE)],
    ),
    Route(
        "/api/cms/department/{id_}",
        DepartmentPage,
        GET=[content_reader, item(DEPARTMENT_PAGE), not_modified],
        PUT=[signed_in, PUBLISHES, body(CHANGE_DEPARTMENT), item(DEPARTMENT_PAGE)],
        DELETE=[signed_in, PUBLISHES, ok_message],
    ),
]
