"""The client that tests call the API with, and what they ask about it. Fixtures: conftest.py."""

import asyncio
import json
import time
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg.rows import DictRow, dict_row
from tornado.httputil import HTTPHeaders

from server import App
from sunshine.database.connections import conninfo, is_alive
from tests.client import Client
from tests.openapi_contract import description

Connection = psycopg.AsyncConnection[DictRow]


@dataclass(frozen=True)
class Person:
    """One of the cast: an account, its employee where it has one, and a token."""

    name: str
    user_id: int
    employee_id: int | None
    token: str


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: HTTPHeaders
    body: bytes

    @property
    def json(self) -> Any:
        """The body, which must be JSON."""
        return json.loads(self.body)

    @property
    def data(self) -> Any:
        """`data` of a success, which it must be."""
        assert self.status in (200, 201), (self.status, self.body)
        assert self.json["success"] is True
        return self.json["data"]

    @property
    def code(self) -> str:
        """`code` of an error in the one error shape, which it must be."""
        body = self.json
        assert body["success"] is False
        assert isinstance(body["message"], str)
        assert body["message"]
        assert isinstance(body["errors"], list)
        return str(body["code"])

    @property
    def fields(self) -> set[str]:
        """The fields that an error names."""
        assert self.status >= 400, (self.status, self.body)
        return {error["field"] for error in self.json["errors"]}


class Api:
    """Calls one server. `as_` is one of the cast, a token, or None for a stranger."""

    def __init__(self, app: App, port: int) -> None:
        self.app = app
        self.port = port
        self.url = f"http://127.0.0.1:{port}"
        self.cast: dict[str, Person] = {}
        self._client = Client("127.0.0.1", port)
        self._connections: dict[str, list[Connection]] = {}

    def __getattr__(self, name: str) -> Person:
        """`api.admin`: one of the cast."""
        try:
            return self.cast[name]
        except KeyError:
            raise AttributeError(name) from None

    async def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        as_: str | Person | None = None,
        headers: dict[str, str] | None = None,
        raw: bytes | None = None,
    ) -> Answer:
        """One request; `body` goes as JSON, `raw` as it is."""
        sent = HTTPHeaders()
        person = self.cast.get(as_, as_) if isinstance(as_, str) else as_
        if person is not None:
            sent["x-access-token"] = person if isinstance(person, str) else person.token
        if body is not None:
            sent["Content-Type"] = "application/json"
            raw = json.dumps(body).encode()
        sent.update(headers or {})
        if method == "POST" and "Content-Type" not in sent:  # as browsers and curl have it
            sent["Content-Type"] = "application/x-www-form-urlencoded"
        answer = Answer(*await self._client.ask(method, path, sent, raw))
        media = answer.headers.get("Content-Type", "")
        described = description(self.app.application.routes)
        described.check(method, path, answer.status, media, answer.body)
        return answer

    async def get(self, path: str, **options: Any) -> Answer:
        """GET."""
        return await self.call("GET", path, **options)

    async def post(self, path: str, body: Any = None, **options: Any) -> Answer:
        """POST."""
        return await self.call("POST", path, body, **options)

    async def put(self, path: str, body: Any = None, **options: Any) -> Answer:
        """PUT."""
        return await self.call("PUT", path, body, **options)

    async def delete(self, path: str, **options: Any) -> Answer:
        """DELETE."""
        return await self.call("DELETE", path, **options)

    async def sql(self, query: str, database: str = "sunshine", **values: Any) -> list[Any]:
        """Rows straight from the database: what the API says must be what is stored."""
        connection = await self._connected(database)
        try:
            cursor = await connection.execute(query, values)
            rows: list[Any] = await cursor.fetchall() if cursor.description else []
        except BaseException:
            await connection.close()
            raise
        # Kept: to open one takes longer than most of what is asked.
        self._connections[database].append(connection)
        return rows

    async def _connected(self, database: str) -> Connection:
        """One of nobody else's, for two may ask at once and wait for each other's locks."""
        idle = self._connections.setdefault(database, [])
        while idle:
            connection = idle.pop()
            if await is_alive(connection):  # or a test has ended it, or its server
                return connection
            await connection.close()
        return await psycopg.AsyncConnection.connect(
            conninfo(self.app.settings.databases[database]), autocommit=True,
            row_factory=dict_row, prepare_threshold=None,
        )  # fmt: skip

    async def somebody_waits(self, database: str = "sunshine") -> None:
        """Until a connection waits for another one's lock."""
        waits = "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
        deadline = time.monotonic() + 5
        while not await self.sql(waits, database):
            assert time.monotonic() < deadline, "nobody waits"
            await asyncio.sleep(0.01)

    async def events(self, database: str = "sunshine") -> list[str]:
        """The types of all events recorded in this test, oldest first."""
        rows = await self.sql("SELECT type FROM event ORDER BY id", database)
        return [row["type"] for row in rows]

    async def close(self) -> None:
        """Close the client, and the connections to the databases."""
        self._client.close()
        for idle in self._connections.values():
            while idle:
                await idle.pop().close()
