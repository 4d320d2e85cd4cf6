"""The rows that the statements of cms return."""

import datetime as dt
from decimal import Decimal
from typing import TypedDict


class ContentRow(TypedDict):
    """What all kinds of content have."""

    id: int
    createdAt: dt.datetime
    updatedAt: dt.datetime


class AuthoredRow(ContentRow):
    """Content with an author; `authorName` is the name when the author was set."""

    author: int | None
    authorName: str | None


class PostText(TypedDict):
    """What each revision of a post keeps."""

    title: str
    content: str
    excerpt: str | None
    featuredImage: str | None
    categories: list[str]
    tags: list[str]


class PostRow(AuthoredRow, PostText):
    """A blog post."""

    slug: str
    status: str
    publishAt: dt.datetime | None
    unpublishAt: dt.datetime | None
    publishedAt: dt.datetime | None
    revision: int


class MovedPostRow(PostRow):
    """A post that was found by a former slug; `movedTo` is the present one."""

    movedTo: str


class RevisionRow(PostText):
    """A revision of a post, who saved it and when."""

    revision: int
    by: str
    at: dt.datetime


class AdRow(AuthoredRow):
    """An advertisement."""

    title: str
    image: str | None
    link: str | None
    placement: str
    startDate: dt.date
    endDate: dt.date | None
    active: bool


class TrainingRow(AuthoredRow):
    """Training material."""

    title: str
    content: str | None
    category: str | None
    files: list[str]
    status: str


class CareerRow(AuthoredRow):
    """A career page."""

    title: str
    content: str
    image: str | None
    status: str


class VacancyRow(AuthoredRow):
    """A vacancy; `status` is `closed` after the closing date."""

    title: str
    department: str | None
    location: str | None
    type: str
    description: str
    requirements: list[str]
    salary: str | None
    closingDate: dt.date | None
    status: str


class DepartmentPageRow(ContentRow):
    """A department as the public reads of it."""

    name: str
    content: str | None
    logo: str | None
    departmentId: int | None
    active: bool


class DropPointRow(ContentRow):
    """A drop point; `isOpen` is null where its opening hours are not known."""

    name: str
    address: str
    latitude: float
    longitude: float
    phone: str | None
    openingHours: dict[str, list[list[str]]] | None
    services: list[str]
    timezone: str | None
    active: bool
    isOpen: bool | None


class NearbyDropPointRow(DropPointRow):
    """A drop point and how far it is."""

    distanceKm: Decimal


class SlugRow(TypedDict):
    """A slug."""

    slug: str


class PostSlugRow(SlugRow):
    """A slug and the post that has or had it."""

    blog_id: int


class NamedRow(TypedDict):
    """An employee or a department that content names."""

    id: int
    name: str


class EventCountRow(TypedDict):
    """How many events came since a transaction."""

    events: int


class CacheMarkRow(EventCountRow):
    """The point in the event log at which a page is read, and when a post is next due."""

    here: int
    until: dt.datetime | None
