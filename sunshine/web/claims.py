"""Endpoints whose bodies name files: uploads become files of the row, answers hold URLs that open.

What becomes of the files: sunshine/files.py. Rows and events call them `/api/static/<path>`.
"""

import re
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Protocol
from urllib.parse import unquote, urlsplit

from sunshine.db import Reader, Transaction
from sunshine.errors import Invalid, NotAllowed, NotFound, Problem
from sunshine.files import Change, change
from sunshine.listing import Page
from sunshine.people import Principal
from sunshine.signing import ROUTE
from sunshine.web.handler import Handler
from sunshine.web.uploads import ROUTE as TEMP_ROUTE

# What an attribute of HTML says, where it is a URL of a file here: after its `=`, quoted or not.
_LINK = re.compile(rf"""(=\s*["']?)([^\s"'<>=]*(?:{TEMP_ROUTE}|{ROUTE})[^\s"'<>=?#]+)""")


class Check(Protocol):
    """NotAllowed or NotFound unless a row that the actor may see names this file so."""

    async def __call__(self, reader: Reader, name: str, *, actor: Principal) -> None: ...


@dataclass(frozen=True)
class Filing:
    """Which fields of a module's bodies and answers name files, and where those are kept.

    A field holds a URL, a list of them, or anything with URLs in it; `html` are those whose
    attributes hold some, of public files only; `within` are fields of answers that hold rows with
    such fields. `folder` is below `static`. `check` says who may open a file there; without one
    everybody may.
    """

    folder: str
    fields: tuple[str, ...] = ()
    html: tuple[str, ...] = ()
    within: tuple[str, ...] = ()
    check: Check | None = None

    @property
    def top(self) -> str:
        """The folder of all files that rows of the module may name."""
        # What is public may be shown anywhere in its part of the tree.
        return f"{self.folder if self.check else self.folder.partition('/')[0]}/"

    def holds(self, name: str) -> bool:
        """Whether a name is one of a file that rows of the module may name."""
        return name.startswith(ROUTE + self.top)


class Filed(Handler):
    """An endpoint that takes uploads over in its transactions and opens files in its answers."""

    filing: ClassVar[Filing]

    @asynccontextmanager
    async def transaction(self, database: str = "sunshine") -> AsyncIterator[Transaction]:
        """As Handler's, once the body names the files where they stay."""
        try:
            async with AsyncExitStack() as stack:
                files = await stack.enter_async_context(change(self.application.storage))
                gate: Transaction | None = None
                if database != "sunshine" and self._uploads():
                    # Around the other one: what is committed there has its files, whatever happens.
                    around = self.db.sunshine.transaction(self.actor, request_id=self.request_id)
                    gate = await stack.enter_async_context(around)
                tx = await stack.enter_async_context(super().transaction(database))
                if named := self._named():
                    claimed = await self._claim(files, gate or tx)
                    known = {url: await self._known(tx, url, claimed) for _, url in named}
                    self._rename(named, known)
                yield tx
        except Problem as problem:
            problem.data = self._opened(problem.data)
            raise

    def reply(self, data: Any = None, *, message: str | None = None, status: int = 200) -> None:
        """As Handler's, with URLs that open the files."""
        super().reply(self._opened(data), message=message, status=status)

    def reply_page(self, page: Page) -> None:
        """As Handler's, with URLs that open the files."""
        super().reply_page(replace(page, rows=self._opened(page.rows)))

    def _named(self) -> list[tuple[str, str]]:
        """Each text or link in the fields of the body: where it is, and what it says."""
        body, filing = getattr(self, "body", {}), self.filing
        fields = [name for name in filing.fields if name in body]
        named = [pair for name in fields for pair in _texts(body[name], name)]
        texts = [name for name in filing.html if body.get(name)]
        return named + [(name, url) for name in texts for _, url in _LINK.findall(body[name])]

    def _uploads(self) -> list[str]:
        """The names of the uploads that the body names."""
        places = [self._place(url) for _, url in self._named()]
        return [name.removeprefix(TEMP_ROUTE) for name in places if name.startswith(TEMP_ROUTE)]

    async def _claim(self, files: Change, tx: Transaction) -> dict[str, str]:
        """The uploads that the body names and that there are: what rows call them from now on."""
        if not (names := self._uploads()):
            return {}
        paths = await files.claim(tx, names, self.filing.folder, user=self.actor.id)
        return {TEMP_ROUTE + name: ROUTE + path for name, path in paths.items()}

    async def _known(self, tx: Transaction, url: str, claimed: dict[str, str]) -> str | None:
        """What a row calls it; None for a file that there is not, or that is not theirs."""
        name = self._place(url)
        if name.startswith(TEMP_ROUTE):
            return claimed.get(name)
        if not name.startswith(ROUTE):
            return url
        if not self.filing.holds(name):
            return None
        try:
            if self.filing.check:
                await self.filing.check(tx, name, actor=self.actor)
        except (NotAllowed, NotFound):
            return None
        return name

    def _rename(self, named: list[tuple[str, str]], known: dict[str, str | None]) -> None:
        message = "is no file of yours; upload it first"
        if wrong := dict.fromkeys(field for field, url in named if known[url] is None):
            raise Invalid(errors=[{"field": field, "message": message} for field in wrong])
        filing, body = self.filing, self.body
        changed = {name: _replaced(body[name], known) for name in filing.fields if name in body}
        for name in filing.html:
            if body.get(name):
                changed[name] = _LINK.sub(lambda link: f"{link[1]}{known[link[2]]}", body[name])
        self.body = body | changed

    def _place(self, url: str) -> str:
        """`/api/temp/...` or `/api/static/...` where it is a URL of ours; else what it is."""
        try:
            parts = urlsplit(url)
        except ValueError:
            return url
        configuration = self.application.configuration
        base, files = urlsplit(configuration.base_domain), urlsplit(configuration.files_base)
        ours = {"", base.netloc.lower(), files.netloc.lower(), self.request.host.lower()}
        if parts.netloc.lower() not in ours:
            return url
        path = unquote(parts.path)
        path = path.removeprefix(base.path) if parts.netloc else path
        return path if path.startswith((TEMP_ROUTE, ROUTE)) else url

    def _opened(self, data: Any) -> Any:
        """Rows, or one, with URLs for the names of files."""
        if isinstance(data, list):
            return [self._opened(row) for row in data]
        if not isinstance(data, dict):
            return data
        filing = self.filing
        shown = {name: self._urls(data[name]) for name in filing.fields if data.get(name)}
        shown |= {name: self._linked(data[name]) for name in filing.html if data.get(name)}
        shown |= {name: self._opened(data[name]) for name in filing.within if name in data}
        return {**data, **shown}

    def _urls(self, value: Any) -> Any:
        known = {name: self._url(name) for _, name in _texts(value)}
        return _replaced(value, known)

    def _linked(self, html: str) -> str:
        # As it was stored: every attribute in double quotes.
        top = self.filing.top
        return html.replace(f'="{ROUTE}{top}', f'="{self.application.signer.plain_url(top)}')

    def _url(self, name: str) -> str:
        if not self.filing.holds(name):
            return name
        path = name.removeprefix(ROUTE)
        signer = self.application.signer
        return signer.url(path) if self.filing.check else signer.plain_url(path)


def _texts(value: Any, where: str = "") -> Iterator[tuple[str, str]]:
    """Each text of a JSON value, with its place as errors name it."""
    if isinstance(value, str):
        yield where, value
    elif isinstance(value, list | dict):
        items = value.items() if isinstance(value, dict) else enumerate(value)
        for key, item in items:
            yield from _texts(item, f"{where}.{key}")


def _replaced(value: Any, known: dict[str, Any]) -> Any:
    if isinstance(value, str):
        return known[value]
    if isinstance(value, list):
        return [_replaced(item, known) for item in value]
    if isinstance(value, dict):
        return {key: _replaced(item, known) for key, item in value.items()}
    return value
