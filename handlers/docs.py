"""The API's description, and the page that shows it. Both are made in sunshine/web/openapi."""

import hashlib
from functools import lru_cache
from pathlib import Path

from sunshine.core import json
from sunshine.core.errors import NotFound
from sunshine.web.application import Application
from sunshine.web.guards import public
from sunshine.web.handler import Handler
from sunshine.web.openapi.document import describe
from sunshine.web.response_specs import errors, file, not_modified
from sunshine.web.routes import Route, RouteTable

# A page of its own: scripts, styles and calls of this origin only, and no page may frame it.
# Swagger UI sets styles of elements by script.
POLICY = (
    "default-src 'none';script-src 'self';style-src 'self' 'unsafe-inline';img-src 'self' data:;"
    "font-src 'self';connect-src 'self';base-uri 'none';form-action 'self';frame-ancestors 'none'"
)
OURS = Path(__file__).parents[1] / "sunshine" / "data" / "docs"
PARTS = {
    "page.js": "text/javascript",
    "page.css": "text/css",
    "swagger-ui-bundle.js": "text/javascript",
    "swagger-ui.css": "text/css",
    "favicon-32x32.png": "image/png",
}


class _Docs(Handler):
    """What is there unless `API_DOCS` switches it off."""

    async def prepare(self) -> None:
        """404 where it is off."""
        await super().prepare()
        if not self.application.configuration.api_docs:
            raise NotFound

    def send(self, content: bytes, media: str) -> None:
        """Answer with it, unless the caller has it already."""
        self.set_header("Content-Type", media)
        self.set_header("Cache-Control", "no-cache")
        self.set_header("Etag", f'"{hashlib.sha256(content).hexdigest()[:32]}"')
        if self.check_etag_header():
            self.set_status(304)
        else:
            self.write(content)


class Description(_Docs):
    """This description."""

    application: Application

    async def get(self) -> None:
        """Get this description.

        OpenAPI 3.1, made of the route table and the schemas that check the requests. Off in
        production unless `API_DOCS` is on: 404.
        """
        server = self.application.configuration.base_domain
        self.send(_described(self.application.routes, server), "application/json")


class Page(_Docs):
    """A page to read and try the API."""

    async def get(self) -> None:
        """Read and try the API in a browser.

        Swagger UI, with a box to sign in; nothing comes from elsewhere. Off in production unless
        `API_DOCS` is on: 404.
        """
        page = (OURS / "index.html").read_text(encoding="utf-8")
        # Its parts are beside it, whatever a proxy puts before the path.
        up = "../" if self.request.path.endswith("/") else ""
        self.set_header("Content-Security-Policy", POLICY)
        self.send(page.replace("{up}", up).encode(), "text/html; charset=utf-8")


class Part(_Docs):
    """A script or style of the page."""

    async def get(self, name: str) -> None:
        """Get a part of the page: script, style, icon.

        Asked for by the page; revalidated by `ETag`.
        """
        if name not in PARTS:
            raise NotFound
        self.send(_part(name), PARTS[name])


@lru_cache(maxsize=4)
def _described(routes: RouteTable, server: str) -> bytes:
    return json.encode(describe(routes, server=server))


@lru_cache(maxsize=len(PARTS))
def _part(name: str) -> bytes:
    from swagger_ui_bundle import swagger_ui_path

    folder = OURS if name.startswith("page.") else Path(swagger_ui_path)
    return (folder / name).read_bytes()


OFF = errors(404)

routes = [
    Route(
        "/api/openapi.json", Description, GET=[public, file("application/json"), not_modified, OFF]
    ),
    Route("/api/docs", Page, GET=[public, file("text/html"), not_modified, OFF]),
    Route(
        "/api/docs/{name:rest}",
        Part,
        GET=[public, file("text/javascript", "text/css", "image/png"), not_modified, OFF],
    ),
]
