"""Stored files over HTTP. Storage: sunshine/storage.py. Signed URLs: sunshine/signing.py."""

from typing import ClassVar

from sunshine.web import files
from sunshine.web.guards import public, signed_url
from sunshine.web.handler import Handler
from sunshine.web.routes import Route


class StoredFile(Handler):
    """A file of somebody's row."""

    deadline = 600.0  # for a phone far from the next mast
    folder: ClassVar[str] = ""
    # Kept by nobody but the one who asked, and only to ask whether it is still the same.
    cache: ClassVar[str] = "private, no-cache"

    async def get(self, path: str) -> None:
        """The file, in whole or a range of it."""
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


routes = [
    Route("/api/static/cms/{path:rest}", CmsFile, GET=[public]),
    Route("/api/static/onapps/{path:rest}", AppFile, GET=[public]),
    Route("/api/static/{path:rest}", StoredFile, GET=[signed_url]),
]
