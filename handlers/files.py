"""Stored files over HTTP. Storage: sunshine/storage.py. Signed URLs: sunshine/signing.py."""

from typing import ClassVar

from sunshine.web import files
from sunshine.web.files import INLINE
from sunshine.web.guards import public, signed_url
from sunshine.web.handler import Handler
from sunshine.web.replies import Refusal, Reply, file, refuses, unchanged
from sunshine.web.routes import Route


class StoredFile(Handler):
    """A file of somebody's row."""

    deadline = 600.0  # for a phone far from the next mast
    folder: ClassVar[str] = ""
    # Kept by nobody but the one who asked, and only to ask whether it is still the same.
    cache: ClassVar[str] = "private, no-cache"

    async def get(self, path: str) -> None:
        """Get a stored file, or a range of it.

        By a URL that the API signed, which opens it for 15 minutes (images of the CMS and the app
        are public). Only images and PDF are shown in a browser; everything else is saved. `Range`,
        `If-None-Match` and `If-Modified-Since` are understood.
        """
        file = await self.application.storage.open(f"{self.folder}{path}")
        await files.send(self, file, path.rpartition("/")[2], cache=self.cache)


class CmsFile(StoredFile):
    """An image of published content."""

    folder = "cms/"
    cache = "public, max-age=3600"


class AppFile(StoredFile):
    """An image of the customers' app."""

    folder = "onapps/"
    cache = "public, max-age=3600"


MEDIA = (*INLINE.values(), "application/octet-stream")
FILE: list[Reply | Refusal] = [
    file(*MEDIA),
    file(*MEDIA, status=206),
    unchanged,
    refuses(416, "range_not_satisfiable"),
]

routes = [
    Route("/api/static/cms/{path:rest}", CmsFile, GET=[public, *FILE]),
    Route("/api/static/onapps/{path:rest}", AppFile, GET=[public, *FILE]),
    Route("/api/static/{path:rest}", StoredFile, GET=[signed_url, *FILE]),
]
