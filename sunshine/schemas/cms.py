"""Payloads of /api/cms."""

from sunshine.schemas.fields import (
    Field,
    Schema,
    changes,
    choice,
    date,
    file_url,
    flag,
    instant,
    list_of,
    number,
    query_flag,
    query_id,
    query_number,
    row_id,
    text,
    timezone,
    whole,
)

SLUG = r"[a-z0-9]+(-[a-z0-9]+)*"
MAX_SLUG = 200
MAX_HTML = 100_000  # characters
MAX_RADIUS = 500  # km
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

_SEARCH: Schema = {"search": text(100)}


def _html(**rules: object) -> Field:
    """HTML, which sunshine/rules/cms_html.py sanitises."""
    return text(MAX_HTML, **rules)


def _words(maximum: int = 50, length: int = 50, **rules: object) -> Field:
    return list_of(text(length, empty=False, **rules), maximum, check_with="distinct")


# Whose it is: publishers may name any employee, others themselves.
_AUTHOR: Schema = {"author": row_id(nullable=True)}
_PAGE: Schema = {"status": choice("draft", "published"), **_AUTHOR}

BLOG_FILTERS: Schema = {
    **_SEARCH,
    "status": choice("draft", "published"),
    "author": query_id(),
    "category": text(50),
    "tag": text(50),
}
BLOG: Schema = {
    "title": text(200, required=True),
    "slug": text(MAX_SLUG, regex=SLUG),
    "content": _html(required=True),
    "excerpt": text(1000, nullable=True),
    "featuredImage": file_url(nullable=True),
    "categories": _words(regex=SLUG),
    "tags": _words(),
    "publishAt": instant(nullable=True),
    "unpublishAt": instant(nullable=True),
    **_PAGE,
}
# A line of an import: also what another installation knew of it.
BLOG_LINE: Schema = {
    **BLOG,
    "publishedAt": instant(nullable=True),
    "oldSlugs": _words(1000, MAX_SLUG, regex=SLUG),
}
REVERT: Schema = {"revision": whole(1, required=True)}

AD_FILTERS: Schema = {
    **_SEARCH,
    "active": query_flag(),
    "placement": choice("homepage_banner", "sidebar", "popup"),
    "author": query_id(),
}
AD: Schema = {
    "title": text(200, required=True),
    "image": file_url(nullable=True),
    "link": file_url(nullable=True),
    "placement": choice("homepage_banner", "sidebar", "popup", required=True),
    "startDate": date(required=True),
    "endDate": date(nullable=True),
    "active": flag(),
    **_AUTHOR,
}

PAGE_FILTERS: Schema = {
    **_SEARCH,
    "status": choice("draft", "published"),
    "author": query_id(),
}
TRAINING_FILTERS: Schema = {**PAGE_FILTERS, "category": text(100)}
TRAINING: Schema = {
    "title": text(200, required=True),
    "content": _html(nullable=True),
    "category": text(100, nullable=True),
    "files": list_of(file_url(), 50, check_with="distinct"),
    **_PAGE,
}
CAREER: Schema = {
    "title": text(200, required=True),
    "content": _html(required=True),
    "image": file_url(nullable=True),
    **_PAGE,
}

VACANCY_FILTERS: Schema = {
    **_SEARCH,
    "status": choice("draft", "open", "closed"),
    "type": choice("full-time", "part-time", "contract"),
    "department": text(100),
    "author": query_id(),
}
VACANCY: Schema = {
    "title": text(200, required=True),
    "department": text(100, nullable=True),
    "location": text(200, nullable=True),
    "type": choice("full-time", "part-time", "contract", required=True),
    "description": _html(required=True),
    "requirements": _words(length=500),
    "salary": text(200, nullable=True),
    "closingDate": date(nullable=True),
    "status": choice("draft", "open", "closed"),
    **_AUTHOR,
}

DEPARTMENT_FILTERS: Schema = {**_SEARCH, "active": query_flag(), "departmentId": query_id()}
DEPARTMENT: Schema = {
    "name": text(100, required=True),
    "content": _html(nullable=True),
    "logo": file_url(nullable=True),
    "departmentId": row_id(nullable=True),
    "active": flag(),
}

# From and to, in the point's own time; one that does not end later ends on the next day.
_HOUR = text(5, regex=r"([01][0-9]|2[0-3]):[0-5][0-9]")
_HOURS = list_of(list_of(_HOUR, 2, minlength=2), 10)
DROP_POINT_FILTERS: Schema = {
    **_SEARCH,
    "active": query_flag(),
    "open": query_flag(),
    "service": text(50),
    "lat": query_number(-90, 90, dependencies="lng"),
    "lng": query_number(-180, 180, dependencies="lat"),
    "radiusKm": query_number(0, MAX_RADIUS, dependencies="lat"),
}
DROP_POINT: Schema = {
    "name": text(200, required=True),
    "address": text(500, required=True),
    "latitude": number(-90, 90, required=True),
    "longitude": number(-180, 180, required=True),
    "phone": text(50, nullable=True),
    "openingHours": {
        "type": "dict",
        "schema": dict.fromkeys(DAYS, _HOURS),
        "nullable": True,
    },
    "services": _words(),
    "timezone": timezone(nullable=True),
    "active": flag(),
}

CHANGE_BLOG = changes(BLOG)
CHANGE_AD = changes(AD)
CHANGE_TRAINING = changes(TRAINING)
CHANGE_CAREER = changes(CAREER)
CHANGE_VACANCY = changes(VACANCY)
CHANGE_DEPARTMENT = changes(DEPARTMENT)
CHANGE_DROP_POINT = changes(DROP_POINT)
