"""Which fields of bodies and answers name files; every other field of a body refuses uploads.

Which columns name some: models/, by `info=files(...)`. What becomes of the files: attachments.py.
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

# What an attribute of HTML says, where it is a URL of a file here: after its `=`, quoted or not.
LINK = re.compile(rf"""(=\s*["']?)([^\s"'<>=]*(?:{TEMP_ROUTE}|{ROUTE})[^\s"'<>=?#]+)""")


class Check(Protocol):
    """NotAllowed or NotFound unless a row that the actor may see names this file so."""

    async def __call__(self, reader: Reader, name: str, *, actor: Principal) -> None: ...


class AttachmentSpec:
    """Which fields of a module's bodies and answers name files, and where those are kept.

    They are the columns of these tables that models/ declares, in the API's spelling; `also` has
    fields of another name, as `notes="ticket_comment.comment"`. `within` are fields of answers that
    hold rows with such fields. `folder` is below `static`. `check` says who may open a file there;
    without one everybody may.
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
        """The folder of all files that rows of the module may name."""
        # What is public may be shown anywhere in its part of the tree.
        return f"{self.folder if self.check else self.folder.partition('/')[0]}/"

    def holds(self, name: str) -> bool:
        """Whether a name is one of a file that rows of the module may name."""
        return name.startswith(ROUTE + self.top)


def _kind_at(place: str) -> str:
    table, _, column = place.partition(".")
    return kinds_of(table)[column]


_links = lru_cache(maxsize=64)(Links)


def links_of(handler: Endpoint) -> Links:
    """Which URLs are ours to whoever asks: by the configured name, or by the one they use."""
    configuration = handler.application.configuration
    return _links((configuration.base_domain, configuration.files_base), handler.request.host)


def keep_uploads_out(handler: Endpoint, values: Mapping[str, Any], where: str = "") -> None:
    """Invalid where a body names an upload and its rows would not keep it: it would be gone in a
    day, or with whoever fetches it first."""
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
    """What is left of a text whose uploads are taken over."""
    taken = {url: "" for url in urls_in(field, text or "", filing, links) if links.upload(url)}
    if field in filing.texts:
        return reworded(text or "", taken)
    return LINK.sub(lambda link: link[1] + taken.get(link[2], link[2]), text or "")


def urls_in(field: str, text: str, filing: AttachmentSpec, links: Links) -> list[str]:
    if field in filing.html:
        return [url for _, url in LINK.findall(text)]
    return [word for word in words(text) if ROUTE in word or links.names_upload(word)]
