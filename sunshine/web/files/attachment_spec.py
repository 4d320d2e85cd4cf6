"""Declares which fields of bodies and responses refer to files; all other body fields reject
uploads.

Columns that refer to files: models/, by `info=files(...)`. Handling of the files: attachments.py.
"""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Protocol

from sunshine.core.errors import Invalid
from sunshine.core.principals import Principal
from sunshine.database.database import Reader
from sunshine.files.columns import kinds_of
from sunshine.files.links import APART, TEMP_ROUTE, Fault, Links, reworded, words
from sunshine.identity.signed_urls import ROUTE
from sunshine.web.endpoint import Endpoint

# The value of an HTML attribute that is the URL of a file of ours: after its `=`, quoted or not.
LINK = re.compile(rf"""(=\s*["']?)([^\s"'<>=]*(?:{TEMP_ROUTE}|{ROUTE})[^\s"'<>=?#]+)""")


class Check(Protocol):
    """Raises NotAllowed or NotFound unless a row that the actor may see refers to this file."""

    async def __call__(self, reader: Reader, name: str, *, actor: Principal) -> None: ...


class AttachmentSpec:
    """The fields of a module's bodies and responses that refer to files, and the folder of those
    files.

    They are the columns of these tables that models/ declares, in the API's spelling; `also` has
    fields of another name, such as `notes="ticket_comment.comment"`. `within` are response fields
    that hold rows with such fields. `folder` is below `static`. `check` decides who may open a file
    there; without one everybody may.
    """

    def __init__(
        self,
        folder: str,
        *tables: str,
        check: Check | None = None,
        within: tuple[str, ...] = (),
        **also: str,
    ) -> None:
        self.folder = folder
        self.check = check
        self.within = within
        kinds = {name: _kind_at(place) for name, place in also.items()}
        for table in tables:
            kinds |= kinds_of(table)
        self.fields = tuple(name for name, kind in kinds.items() if kind == "urls")
        self.html = tuple(name for name, kind in kinds.items() if kind == "html")
        self.texts = tuple(name for name, kind in kinds.items() if kind == "text")

    @property
    def top(self) -> str:
        """Return the folder of all files that rows of the module may refer to."""
        # Public files may be shown anywhere in their part of the tree.
        return f"{self.folder if self.check else self.folder.partition('/')[0]}/"

    def holds(self, name: str) -> bool:
        """Return whether rows of the module may refer to the file of this name."""
        return name.startswith(ROUTE + self.top)


def _kind_at(place: str) -> str:
    table, _, column = place.partition(".")
    return kinds_of(table)[column]


_links = lru_cache(maxsize=64)(Links)


def links_of(handler: Endpoint) -> Links:
    """Return the recognizer of our own URLs: by the configured host, or by the one the caller
    uses."""
    configuration = handler.application.configuration
    return _links((configuration.base_domain, configuration.files_base), handler.request.host)


def reject_uploads(handler: Endpoint, values: Mapping[str, Any], where: str = "") -> None:
    """Raise Invalid if a body refers to an upload in a field that does not keep files.

    Such an upload would be gone after a day, or when somebody fetches it.
    """
    links, filing = links_of(handler), getattr(handler, "filing", None)
    wrong: list[Fault] = []
    for field, value in values.items():
        place = f"{where}{field}"
        if filing and field in filing.fields:
            wrong += links.uploads_in(value, place, kept=True)
        elif filing and field in (*filing.html, *filing.texts):
            wrong += [(place, APART)] * links.names_upload(_without(field, value, filing, links))
        else:
            wrong += links.uploads_in(value, place)
    if wrong:
        raise Invalid(errors=[{"field": at, "message": said} for at, said in wrong])


def _without(field: str, text: str | None, filing: AttachmentSpec, links: Links) -> str:
    """Return a text without the uploads that are claimed."""
    taken = {url: "" for url in urls_in(field, text or "", filing, links) if links.upload(url)}
    if field in filing.texts:
        return reworded(text or "", taken)
    return LINK.sub(lambda link: link[1] + taken.get(link[2], link[2]), text or "")


def urls_in(field: str, text: str, filing: AttachmentSpec, links: Links) -> list[str]:
    if field in filing.html:
        return [url for _, url in LINK.findall(text)]
    return [word for word in words(text) if ROUTE in word or links.names_upload(word)]
