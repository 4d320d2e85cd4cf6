"""Programs beside Sunshine's own, as a deployment has them, and the clients that use it all.

Everything blocks and runs on threads: no event loop here. The fixtures: conftest.py.
"""

import contextlib
import http.client
import json
import os
import re
import secrets
import select
import signal
import socket
import ssl
import subprocess
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from tests.processes import CHECKOUT

CONFIG = CHECKOUT / "config"


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on, nor gets for a connection while a server that had
    it restarts: those that the system gives away lie above."""
    while True:
        # Not of `random`, which --shuffle starts alike in every worker.
        port = 10_000 + secrets.randbelow(20_000)
        with contextlib.suppress(OSError), socket.socket() as probe:
            probe.bind(("127.0.0.1", port))
            return port


def until(holds: Callable[[], object], seconds: float = 30) -> None:
    """Wait for it."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.02)


def listens(port: int) -> bool:
    """Whether anybody accepts there."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@dataclass(frozen=True)
class Certificate:
    """Files in PEM."""

    file: Path
    key: Path


class Nginx:
    """config/nginx.conf with other ports, files and certificate, in front of servers."""

    def __init__(self, folder: Path, certificate: Certificate, ports: Sequence[int]) -> None:
        self.http, self.https = free_port(), free_port()
        self.log = folder / "nginx-access.log"
        self.certificate = certificate
        home = folder / "nginx"
        home.mkdir()
        (home / "nginx.conf").write_text(self._whole(home, ports))
        command = ["nginx", "-p", str(home), "-c", "nginx.conf", "-e", f"{folder}/nginx-error.log"]
        tried = subprocess.run([*command, "-t"], capture_output=True, text=True)
        assert tried.returncode == 0, tried.stderr
        self._popen = subprocess.Popen([*command, "-g", "daemon off;"], stderr=subprocess.DEVNULL)
        until(lambda: listens(self.https))

    def _whole(self, home: Path, ports: Sequence[int]) -> str:
        upstream = "\n".join(f"server 127.0.0.1:{port} max_fails=1 fail_timeout=1s;"
                             for port in ports)  # fmt: skip
        site = (CONFIG / "nginx.conf").read_text()
        for pattern, text in (
            (r"    server 127\.0\.0\.1:3601 .*\n    server 127\.0\.0\.1:3602 .*", upstream),
            (r"    listen \[::\].*\n", ""),
            (r"listen 80;", f"listen 127.0.0.1:{self.http};"),
            (r"listen 443 ", f"listen 127.0.0.1:{self.https} "),
            (r"/etc/letsencrypt/live/api\.example\.com/fullchain\.pem", self.certificate.file),
            (r"/etc/letsencrypt/live/api\.example\.com/privkey\.pem", self.certificate.key),
            (r"/var/log/nginx/sunshine\.log", f'"{self.log}"'),
        ):
            site, times = re.subn(pattern, str(text), site)
            assert times, pattern
        paths = "".join(
            f"{kind}_temp_path {kind};"
            for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        user = "user root;" if os.geteuid() == 0 else ""
        return f"{user} pid nginx.pid; events {{}} http {{ {paths}\n{site}\n}}"

    def stop(self) -> None:
        """End it."""
        self._popen.terminate()
        self._popen.wait(10)


class Redis:
    """A server without a file."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self.uri = f"redis://127.0.0.1:{self.port}"
        self._folder = folder
        self.start()

    def start(self) -> None:
        """Begin, empty."""
        self._popen = subprocess.Popen(
            ["redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--save", ""],
            cwd=self._folder, stdout=subprocess.DEVNULL,
        )  # fmt: skip
        until(lambda: listens(self.port))

    def freeze(self) -> None:
        """It accepts, and does not answer."""
        self._popen.send_signal(signal.SIGSTOP)

    def kill(self) -> None:
        """SIGKILL."""
        self._popen.kill()
        self._popen.wait()


class Said(NamedTuple):
    """An answer."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes
    seconds: float

    @property
    def json(self) -> Any:
        """The body, which must be JSON."""
        return json.loads(self.body)


class Client:
    """One that keeps its connection: over TLS where a certificate is named, from any loopback
    address."""

    def __init__(
        self, port: int, certificate: Certificate | None = None, source: str = "127.0.0.1"
    ) -> None:
        options: dict[str, Any] = {"timeout": 30, "source_address": (source, 0)}
        self._connection: http.client.HTTPConnection
        if certificate:
            context = ssl.create_default_context(cafile=certificate.file)
            options["context"] = context
            self._connection = http.client.HTTPSConnection("127.0.0.1", port, **options)
        else:
            self._connection = http.client.HTTPConnection("127.0.0.1", port, **options)

    def ask(
        self,
        path: str,
        body: Any = None,
        token: str | None = None,
        *,
        method: str | None = None,
        **headers: str,
    ) -> Said:
        """GET, or POST of a body: JSON, or bytes as they are."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if token:
            sent["x-access-token"] = token
        if body is not None and not isinstance(body, bytes):
            body, sent["Content-Type"] = json.dumps(body), "application/json"
        if self._was_closed():
            self.close()
        began = time.monotonic()
        self._connection.request(method or ("GET" if body is None else "POST"), path, body, sent)
        answer = self._connection.getresponse()
        content = answer.read()
        return Said(answer.status, answer.headers, content, time.monotonic() - began)

    def _was_closed(self) -> bool:
        """Whether the other side has hung up meanwhile: clients look before they ask again."""
        line = self._connection.sock
        return line is not None and bool(select.select([line], [], [], 0)[0])

    def close(self) -> None:
        """Hang up; the next request connects again."""
        self._connection.close()

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class Clients:
    """Thirty that read and write over and over; half of them connect anew each time.

    A write is a department of a name of its own. What failed is in `failures`, names of departments
    whose creation was answered 201 in `acknowledged`. With `retries` a write is tried again with
    its Idempotency-Key until it is answered, as a good client does, and reads may fail.
    """

    def __init__(
        self, connect: Callable[[], Client], token: str, *, number: int = 30, retries: bool = False
    ) -> None:
        self.answered: Counter[int] = Counter()
        self.failures: list[str] = []
        self.acknowledged: list[str] = []
        self.longest = 0.0
        self._connect = connect
        self._token = token
        self._retries = retries
        self._over = threading.Event()
        self._threads = [threading.Thread(target=self._run, args=(n,)) for n in range(number)]

    def __enter__(self) -> "Clients":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join(60)
            assert not thread.is_alive()

    def _run(self, number: int) -> None:
        client = self._connect()
        while not self._over.wait(0.03):
            if number % 2:
                client.close()
            try:
                self._write(client) if number % 5 == 0 else self._read(client)
            except (OSError, http.client.HTTPException) as error:
                self.failures.append(f"{number}: {type(error).__name__}: {error}")
                client.close()
        client.close()

    def _read(self, client: Client) -> None:
        self._note(client.ask("/api/departments?limit=5", token=self._token))

    def _write(self, client: Client) -> None:
        name, key = f"Department {uuid.uuid4().hex}", uuid.uuid4().hex
        while True:
            try:
                said = client.ask(
                    "/api/departments", {"name": name}, self._token, Idempotency_Key=key
                )
            except (OSError, http.client.HTTPException):
                if not self._retries:
                    raise
                client.close()
            else:
                if said.status == 201:
                    self.acknowledged.append(name)
                if said.status == 201 or not self._retries:
                    self._note(said)
                    return
                assert said.status in (409, 502, 503), said
            time.sleep(0.05)

    def _note(self, said: Said) -> None:
        self.answered[said.status] += 1
        self.longest = max(self.longest, said.seconds)
        if said.status not in (200, 201):
            self.failures.append(f"{said.status}: {said.body[:200]!r}")


class Listener:
    """A client of a WebSocket that connects again where it was, until it is told to end; `told` are
    the ticket ids of the frames of one type, `codes` those of the server's goodbyes."""

    def __init__(self, port: int, token: str, certificate: Certificate | None = None) -> None:
        self.told: list[int] = []
        self.codes: list[int] = []
        self.connections = 0
        self._port = port
        self._token = token
        self._context = certificate and ssl.create_default_context(cafile=certificate.file)
        self._since: str | None = None
        self._over = threading.Event()
        self.ready = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> "Listener":
        self._thread.start()
        assert self.ready.wait(20)
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join(20)
        assert not self._thread.is_alive()

    def _run(self) -> None:
        while not self._over.is_set():
            try:
                self._listen()
            except (OSError, ConnectionError):
                time.sleep(0.05)

    def _listen(self) -> None:
        with socket.create_connection(("127.0.0.1", self._port), timeout=20) as plain:
            context = self._context
            line = context.wrap_socket(plain, server_hostname="localhost") if context else plain
            with line:
                line.sendall(self._handshake())
                heard = b""
                while b"\r\n\r\n" not in heard:
                    heard += _more(line)
                if b" 101 " not in heard.partition(b"\r\n")[0]:
                    raise ConnectionError
                self.connections += 1
                line.settimeout(0.2)
                self._hear(line, heard.partition(b"\r\n\r\n")[2])

    def _handshake(self) -> bytes:
        query = f"?since={self._since}" if self._since else ""
        return (
            f"GET /ws/tickets{query} HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n"
            "Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
            f"Sec-WebSocket-Version: 13\r\nx-access-token: {self._token}\r\n\r\n"
        ).encode()

    def _hear(self, line: socket.socket, heard: bytes) -> None:
        while not self._over.is_set():
            while (frame := _frame(heard)) is not None:
                kind, content, heard = frame
                if kind == 8:
                    self.codes.append(int.from_bytes(content[:2], "big"))
                    return
                if kind == 1:
                    self._take(json.loads(content))
            with contextlib.suppress(TimeoutError):
                heard += _more(line)

    def _take(self, frame: dict[str, Any]) -> None:
        self._since = frame.get("seq", self._since)
        if frame["type"] == "ready":
            self.ready.set()
        if frame["type"] == "ticket_created":
            self.told.append(frame["data"]["ticketId"])


def _more(line: socket.socket) -> bytes:
    chunk = line.recv(65536)
    if not chunk:
        raise ConnectionError
    return chunk


def _frame(heard: bytes) -> tuple[int, bytes, bytes] | None:
    """The first whole frame of a server: its kind, its content, and what comes after it."""
    if len(heard) < 2 or (heard[1] == 126 and len(heard) < 4):
        return None
    size, at = heard[1], 2
    if size == 126:
        size, at = int.from_bytes(heard[2:4], "big"), 4
    if len(heard) < at + size:
        return None
    return heard[0] & 15, heard[at : at + size], heard[at + size :]
