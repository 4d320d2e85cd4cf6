"""Files over HTTP: uploads, which are fetched once, and stored files.

Verbs: sunshine/files/uploads.py. Storage: sunshine/files/storage.py.
"""

from typing import ClassVar

from sunshine.core.errors import NotAllowed, NotFound
from sunshine.files import uploads
from sunshine.files.schemas import DOWNLOAD, UPLOADED
from sunshine.files.storage import STATIC, TEMP
from sunshine.files.types import SHOWN
from sunshine.identity.signed_urls import ROUTE
from sunshine.modules.attendance import records as attendance
from sunshine.modules.branding_approval import requests as branding_approval
from sunshine.modules.employees import photo
from sunshine.modules.freelance import freelancers
from sunshine.modules.leave import requests as leave
from sunshine.modules.mitra import documents
from sunshine.modules.tickets import visibility
from sunshine.web import rate_limits
from sunshine.web.files import serving
from sunshine.web.files.attachment_spec import Check
from sunshine.web.files.uploads import SECONDS, HandingOver, Receiving
from sunshine.web.guards import form, public, query, requires_permission, signed_in, signed_url
from sunshine.web.handler import Handler
from sunshine.web.response_specs import (
    Refusal,
    Reply,
    conflicts,
    errors,
    exactly,
    file,
    not_modified,
)
from sunshine.web.routes import Route


class Upload(Receiving):
    """A file to be fetched once, or named by a row, within a day."""

    async def post(self) -> None:
        """Upload a file.

        One file of at most 10 MiB, as the field `file` of a form. Within a day it may be fetched
        once, or named by a row that then keeps it, such as a ticket or a leave request. A user has
        at most 100 such files waiting, of 500 MiB in all.
        """
        if not self.refused:
            await self.store()


class TempFile(HandingOver):
    """An uploaded file. Its name grants access."""

    bucket = "file"

    async def get(self, name: str) -> None:
        """Fetch an uploaded file.

        Anybody who knows its name may. The file is deleted once fetched in full; `HEAD`, ranges and
        interrupted downloads do not count. `s=download` saves it instead of showing it.
        """
        try:
            await self._fetch(name)
        except NotFound:  # a guess, or a file that was fetched already
            await rate_limits.count_stranger(self)
            raise

    async def _fetch(self, name: str) -> None:
        download = self.query.get("s") == "download"
        if self.request.method == "GET" and "Range" not in self.request.headers:
            await self.hand_over(name, download=download)
        else:
            await uploads.check(self.db.sunshine, name, self.application.clock())
            file = await self.application.storage.open(f"{TEMP}/{name}")
            await serving.send(self, file, name, cache="no-store", download=download)


class StoredFile(Handler):
    """A file that a row names."""

    deadline = SECONDS
    sends_files = True
    folder: ClassVar[str] = ""
    database: ClassVar[str] = "sunshine"
    # The check of callers with a token by folder, the most specific folder first.
    checks: ClassVar[dict[str, Check]] = {}
    # Callers with this permission for all rows get 404 for missing files, others 403.
    reads: ClassVar[str] = ""
    # Only the caller's browser may cache it, and must revalidate it.
    cache: ClassVar[str] = "private, no-cache"

    async def get(self, path: str) -> None:
        """Get a stored file, or a range of it.

        By a URL that the API signed, valid for 15 minutes, or with the token of a caller who may
        see the row that names it; images of the CMS and the app are public. Browsers show images,
        PDF on the host of `FILES_ORIGIN`, and save everything else. `Range`, `If-None-Match` and
        `If-Modified-Since` are supported.
        """
        path = self.folder + path
        if hasattr(self, "actor"):
            await self._check(path)
        file = await self.application.storage.open(f"{STATIC}/{path}")
        await serving.send(self, file, path.rpartition("/")[2], cache=self.cache)

    async def _check(self, path: str) -> None:
        for folder, check in self.checks.items():
            if path.startswith(folder):
                await check(self.db[self.database], ROUTE + path, actor=self.actor)
                return
        raise NotFound if self.actor.scope(self.reads) == "all" else NotAllowed


class EmployeeFile(StoredFile):
    """A photo or a document of an employee."""

    folder = "employee/"
    reads = "employees:read"
    checks = {
        "employee/attendance/": attendance.check_photo,
        "employee/leave/": leave.check_file,
        "employee/photo/": photo.check_photo,
    }


class TicketFile(StoredFile):
    """An attachment of a ticket."""

    folder = "ticketing/"
    checks = {"ticketing/": visibility.check_file}


class BrandingFile(StoredFile):
    """A design to be approved."""

    folder = "branding-approval/"
    checks = {"branding-approval/": branding_approval.check_file}


class FreelanceFile(StoredFile):
    """A freelancer's portfolio."""

    folder = "freelance/"
    checks = {"freelance/": freelancers.check_file}


class PartnerFile(StoredFile):
    """A file that a partner's document names."""

    folder = "mitra/"
    database = "mitra"
    checks = {"mitra/": documents.check_file}


class CmsFile(StoredFile):
    """An image of published content."""

    bucket = "file"
    folder = "cms/"
    cache = "public, max-age=3600"


class AppFile(StoredFile):
    """An image of the customers' app."""

    bucket = "file"
    folder = "onapps/"
    cache = "public, max-age=3600"


MEDIA = (*SHOWN.values(), "application/octet-stream")
PARTIAL, RANGE = file(*MEDIA, status=206), errors(416, "range_not_satisfiable")
FILE: list[Reply | Refusal] = [file(*MEDIA), PARTIAL, not_modified, RANGE]
LIMITS = [conflicts("upload_limit", "upload_expired"), errors(507, "storage_full")]

routes = [
    Route(
        "/api/upload/temp",
        Upload,
        POST=[signed_in, requires_permission("files:upload"), form, exactly(UPLOADED), *LIMITS],
    ),
    Route("/api/temp/{name:text}", TempFile, GET=[public, query(DOWNLOAD), *FILE]),
    Route("/api/static/cms/{path:rest}", CmsFile, GET=[public, *FILE]),
    Route("/api/static/onapps/{path:rest}", AppFile, GET=[public, *FILE]),
    Route("/api/static/employee/{path:rest}", EmployeeFile, GET=[signed_url, *FILE]),
    Route("/api/static/ticketing/{path:rest}", TicketFile, GET=[signed_url, *FILE]),
    Route("/api/static/branding-approval/{path:rest}", BrandingFile, GET=[signed_url, *FILE]),
    Route("/api/static/freelance/{path:rest}", FreelanceFile, GET=[signed_url, *FILE]),
    Route("/api/static/mitra/{path:rest}", PartnerFile, GET=[signed_url, *FILE]),
    Route("/api/static/{path:rest}", StoredFile, GET=[signed_url, *FILE]),
]
