"""Graceful shutdown of kept connections. Called by server.py.

If a connection is closed just when its next request is on the way, that request fails, and nobody
can know whether a change was made. So each client gets `Connection: close` with its next response;
only connections without requests are closed, and only while none of their data is unread.
"""

import asyncio
import select
import time

from tornado.httpserver import HTTPServer
from tornado.iostream import IOStream

from sunshine.web.application import Application

LINGER_SECONDS = 1.0
LOOK_SECONDS = 0.02


async def shut_down(http: HTTPServer, application: Application, seconds: float) -> None:
    """Serve requests on open connections for a moment, then close them.

    Requests in flight have `seconds` from now.
    """
    application.draining = True
    begun = time.monotonic()
    idle_until, until = begun + min(LINGER_SECONDS, seconds), begun + seconds
    while http._connections and (now := time.monotonic()) < until:
        if now >= idle_until:
            _close_idle(http, application)
        await asyncio.sleep(LOOK_SECONDS)
    await http.close_all_connections()


def _close_idle(http: HTTPServer, application: Application) -> None:
    busy = {getattr(each.request.connection, "stream", None) for each in application.in_flight}
    for stream in [connection.stream for connection in http._connections]:
        if stream not in busy and awaits_a_request(stream):
            stream.close()


def awaits_a_request(stream: IOStream) -> bool:
    """Return whether nothing of a request has arrived.

    Neither in our buffer, nor on its way to a handler, nor in the system's buffer.
    """
    if stream.closed() or not stream.reading() or stream._read_buffer_size:
        return False
    poller = select.poll()
    poller.register(stream.socket, select.POLLIN)
    return not poller.poll(0)
