"""Endpoints whose bodies name files: uploads become files of the row, answers hold URLs that open.

What becomes of the files: sunshine/files/attachments.py. Rows and events call them
`/api/static/<path>`. Which fields name some: attachment_spec.py.
"""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from functools import cached_property
from typing import Any, ClassVar

from sunshine.core.errors import AppError, Invalid, NotAllowed, NotFound
from sunshine.database.database import Reader, Transaction
from sunshine.database.pages import Page
from sunshine.files.attachments import Change, change, new_path
from sunshine.files.links import TEMP_ROUTE, Links, distinct_texts, replaced, reworded, texts
from sunshine.identity.signed_urls import ROUTE
from sunshine.web.files.attachment_spec import LINK, AttachmentSpec, links_of, urls_in
from sunshine.web.handler import Handler

MAX_PRIVATE = 100  # files
MISSING = "is no file of yours; upload it first"


class WithAttachments(Handler):
    """An endpoint that takes uploads over in its transactions and opens files in its answers."""

    filing: ClassVar[AttachmentSpec]
    _is_settled = False

    @asynccontextmanager
    async def transaction(self, database: str = "sunshine") -> AsyncIterator[Transaction]:
        """As Handler's, once the body names the files where they stay."""
        async with AsyncExitStack() as stack:
            files = await stack.enter_async_context(change(self.application.storage))
            gate: Transaction | None = None
            if database != "sunshine" and self._wanted:
                # Around the other one: what is committed there has its files, whatever happens.
                around = self.db.sunshine.transaction(self.actor, request_id=self.request_id)
                gate = await stack.enter_async_context(around)
            tx = await stack.enter_async_context(super().transaction(database))
            await self.settle(tx)
            await self._claim(files, gate or tx)
            yield tx

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """As Handler's, with URLs that open the files of what a refusal shows."""
        error = kwargs.get("exc_info", (None, None, None))[1]
        if isinstance(error, AppError):
            error.data = self._opened(error.data)
        super().write_error(status_code, **kwargs)

    def reply(self, data: Any = None, *, message: str | None = None, status: int = 200) -> None:
        """As Handler's, with URLs that open the files."""
        super().reply(self._opened(data), message=message, status=status)

    def reply_page(self, page: Page) -> None:
        """As Handler's, with URLs that open the files."""
        super().reply_page(replace(page, rows=self._opened(page.rows)))

    @cached_property
    def _links(self) -> Links:
        return links_of(self)

    @cached_property
    def _named(self) -> list[tuple[str, str, str]]:
        """Each URL of a file here in the body that its rows would keep: where it is, what it says,
        and which file it is about."""
        body, filing = getattr(self, "body", {}), self.filing
        fields = [field for field in filing.fields if field in body]
        found = [pair for field in fields for pair in texts(body[field], field)]
        for field in (*filing.html, *filing.texts):
            urls = urls_in(field, body.get(field) or "", filing, self._links)
            found += [(field, url) for url in urls]
        named = [(where, url, name) for where, url in found if (name := self._links.name(url))]
        self._check_number(named)
        return named

    @cached_property
    def _wanted(self) -> dict[str, str]:
        """The paths that the uploads which the body names are to have, by their names."""
        names = {name for _, _, name in self._named if name.startswith(TEMP_ROUTE)}
        uploads = {name.removeprefix(TEMP_ROUTE) for name in names}
        return {name: new_path(self.filing.folder, name) for name in uploads}

    async def _claim(self, files: Change, tx: Transaction) -> None:
        """Take the uploads over that the body names; Invalid unless all of them are there."""
        if not self._wanted:
            return
        claimed = await files.claim(tx, self._wanted, user=self.actor.id)
        missing = {TEMP_ROUTE + name for name in self._wanted.keys() - claimed}
        _refuse([where for where, _, name in self._named if name in missing])

    async def settle(self, reader: Reader) -> None:
        """Have the body name its files as rows will, before the transaction that claims them.

        Where nothing is written outside of it, that is done within.
        """
        if self._is_settled or not self._named:
            return
        kept: dict[str, str | None] = {}
        for where, url, name in self._named:
            if url not in kept:
                kept[url] = await self._known(reader, where, url, name)
        _refuse([where for where, url, _ in self._named if kept[url] is None])
        known = {url: name for url, name in kept.items() if name is not None}
        filing, body = self.filing, self.body
        changed = {name: replaced(body[name], known) for name in filing.fields if name in body}
        for name in filing.html:
            if body.get(name):
                changed[name] = LINK.sub(
                    lambda link: link[1] + known.get(link[2], link[2]), body[name]
                )
        for name in filing.texts:
            if body.get(name):
                changed[name] = reworded(body[name], known)
        self.body = body | changed
        self._is_settled = True

    def _check_number(self, named: list[tuple[str, str, str]]) -> None:
        """Each file that is not public costs a question: one body asks so many at most."""
        if self.filing.check:
            private = {name: where for where, _, name in named}
            for where in list(private.values())[MAX_PRIVATE:]:
                raise Invalid.field(where, f"A body names at most {MAX_PRIVATE} files")

    async def _known(self, reader: Reader, where: str, url: str, name: str) -> str | None:
        """What a row calls it; None for a file that there is not, or that is not theirs."""
        if name.startswith(TEMP_ROUTE):
            return ROUTE + self._wanted[name.removeprefix(TEMP_ROUTE)]
        if not self.filing.holds(name):  # people may speak of it, without handing on their right
            return url.partition("?")[0] if where in self.filing.texts else None
        try:
            if self.filing.check:
                await self.filing.check(reader, name, actor=self.actor)
        except (NotAllowed, NotFound):
            return None
        return name

    def _opened(self, data: Any) -> Any:
        """Rows, or one, with URLs for the names of files."""
        if isinstance(data, list):
            return [self._opened(row) for row in data]
        if not isinstance(data, dict):
            return data
        filing = self.filing
        shown = {name: self._urls(data[name]) for name in filing.fields if data.get(name)}
        shown |= {name: self._linked(data[name]) for name in filing.html if data.get(name)}
        if files := data.get("files"):
            urls = {name: self._url(name) for name in files}
            shown |= {name: reworded(data[name], urls) for name in filing.texts if name in data}
        shown |= {name: self._opened(data[name]) for name in filing.within if name in data}
        return {**data, **shown}

    def _urls(self, value: Any) -> Any:
        holds = self.filing.holds
        return replaced(
            value, {name: self._url(name) for name in filter(holds, distinct_texts(value))}
        )

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


def _refuse(places: list[str]) -> None:
    if places:
        errors = [{"field": place, "message": MISSING} for place in dict.fromkeys(places)]
        raise Invalid(errors=errors)
