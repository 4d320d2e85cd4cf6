"""Payloads of /api/cms."""

from sunshine.core.fields import (
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
    prose,
    query_flag,
    query_id,
    query_number,
    row_id,
    text,
    timezone,
    whole,
)
from sunshine.core.shapes import Shape, optional, resource_shape, response_fields, string

SLUG = r"[a-z0-9]+(-[a-z0-9]+)*"
MAX_SLUG = 200
MAX_HTML = 100_000  # characters
MAX_RADIUS = 500  # km
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

_SEARCH: Schema = {"search": text(100)}


def _html(**rules: object) -> Field:
    """HTML, which sunshine/modules/cms/html.py sanitises."""
    return prose(MAX_HTML, **rules)


def _words(maximum: int = 50, length: int = 50, **rules: object) -> Field:
    return list_of(text(length, empty=False, **rules), maximum, check_with="distinct")


# The author: publishers may name any employee, others only themselves.
_AUTHOR: Schema = {"author": row_id(nullable=True, example=123)}
_PAGE: Schema = {"status": choice("draft", "published"), **_AUTHOR}

BLOG_FILTERS: Schema = {
    **_SEARCH,
    "status": choice("draft", "published"),
    "author": query_id(),
    "category": text(50),
    "tag": text(50),
}
BLOG: Schema = {
    "title": text(200, required=True, example="Company Update 2024"),
    "slug": text(MAX_SLUG, regex=SLUG, example="company-update-2024"),
    "content": _html(required=True, example="Full blog post content here..."),
    "excerpt": prose(1000, nullable=True, example="Short description"),
    "featuredImage": file_url(nullable=True, example="url_to_image"),
    "categories": _words(regex=SLUG),
    "tags": _words(),
    "publishAt": instant(nullable=True),
    "unpublishAt": instant(nullable=True),
    **_PAGE,
}
# A line of an import: also what the installation that exported it knew.
BLOG_LINE: Schema = {
    **BLOG,
    "publishedAt": instant(nullable=True),
    "oldSlugs": _words(1000, MAX_SLUG, regex=SLUG),
}
REVERT: Schema = {"revision": whole(1, required=True, example=1)}

AD_FILTERS: Schema = {
    **_SEARCH,
    "active": query_flag(),
    "placement": choice("homepage_banner", "sidebar", "popup"),
    "author": query_id(),
}
AD: Schema = {
    "title": text(200, required=True, example="Summer Sale"),
    "image": file_url(nullable=True, example="url_to_image"),
    "link": file_url(nullable=True, example="https://sale.example.com"),
    "placement": choice(
        "homepage_banner", "sidebar", "popup", required=True, example="homepage_banner"
    ),
    "startDate": date(required=True, example="2024-06-01"),
    "endDate": date(nullable=True, example="2024-08-31"),
    "active": flag(example=True),
    **_AUTHOR,
}

PAGE_FILTERS: Schema = {
    **_SEARCH,
    "status": choice("draft", "published"),
    "author": query_id(),
}
TRAINING_FILTERS: Schema = {**PAGE_FILTERS, "category": text(100)}
TRAINING: Schema = {
    "title": text(200, required=True, example="First aid"),
    "content": _html(nullable=True, example="<p>What to do first.</p>"),
    "category": text(100, nullable=True, example="Safety"),
    "files": list_of(file_url(), 50, check_with="distinct", example=["url_to_file"]),
    **_PAGE,
}
CAREER: Schema = {
    "title": text(200, required=True, example="Working here"),
    "content": _html(required=True, example="<p>How it is to work here.</p>"),
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
    "title": text(200, required=True, example="Senior Software Engineer"),
    "department": text(100, nullable=True, example="Engineering"),
    "location": text(200, nullable=True, example="Jakarta, Indonesia"),
    "type": choice("full-time", "part-time", "contract", required=True, example="full-time"),
    "description": _html(required=True, example="Job description..."),
    "requirements": _words(length=500),
    "salary": text(200, nullable=True, example="Competitive"),
    "closingDate": date(nullable=True, example="2024-02-28"),
    "status": choice("draft", "open", "closed", example="open"),
    **_AUTHOR,
}

DEPARTMENT_FILTERS: Schema = {**_SEARCH, "active": query_flag(), "departmentId": query_id()}
DEPARTMENT: Schema = {
    "name": text(100, required=True, example="Engineering"),
    "content": _html(nullable=True, example="<p>Who we are.</p>"),
    "logo": file_url(nullable=True),
    "departmentId": row_id(nullable=True),
    "active": flag(),
}

# From and to, in the timezone of the point; hours that do not end later end on the next day.
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
    "name": text(200, required=True, example="Senayan"),
    "address": text(500, required=True, example="Jl. Asia Afrika 1, Jakarta"),
    "latitude": number(-90, 90, required=True, example=-6.2272),
    "longitude": number(-180, 180, required=True, example=106.7972),
    "phone": text(50, nullable=True, example="+62 21 555"),
    "openingHours": {
        "type": "dict",
        "schema": dict.fromkeys(DAYS, _HOURS),
        "nullable": True,
        "example": {"mon": [["08:00", "17:00"]]},
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

_NAMED: Schema = {"authorName": string(nullable=True)}
POST = resource_shape(
    "BlogPost",
    BLOG,
    slug=string(example="company-update-2024"),
    **_NAMED,
    publishedAt=instant(nullable=True),
    revision=whole(1),
    movedTo=optional(string(example="company-update-2024")),
)
REVISION = Shape(
    "BlogRevision",
    {
        "revision": whole(1),
        **response_fields(
            {
                name: BLOG[name]
                for name in (
                    "title",
                    "content",
                    "excerpt",
                    "featuredImage",
                    "categories",
                    "tags",
                )
            }
        ),
        "by": string(),
        "at": instant(),
    },
)
ADVERTISEMENT = resource_shape("Ad", AD, **_NAMED)
MATERIAL = resource_shape("Training", TRAINING, **_NAMED)
CAREER_PAGE = resource_shape("CareerPage", CAREER, **_NAMED)
OPENING = resource_shape("Vacancy", VACANCY, **_NAMED)
DEPARTMENT_PAGE = resource_shape("DepartmentPage", DEPARTMENT)
POINT = resource_shape(
    "DropPoint",
    {name: field for name, field in DROP_POINT.items() if name != "openingHours"},
    openingHours={
        "type": "dict",
        "schema": {day: {**_HOURS, "required": False} for day in DAYS},
        "nullable": True,
        "example": {"mon": [["08:00", "17:00"]]},
    },
    isOpen={**flag(), "nullable": True},
    distanceKm=optional(number(0, 21_000)),
)
