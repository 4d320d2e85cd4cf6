"""Listening sockets: inherited if a supervisor holds them open, otherwise our own.

A socket that systemd (sunshine@.socket) or supervisord (fcgi-program) holds stays open while one
server ends and the next begins: clients wait in its queue, and none is refused. docs/deployment.md.
"""

import os
import socket
from collections.abc import Iterator

from tornado.netutil import bind_sockets

from sunshine.core.settings import Settings

FIRST_FD = 3  # sd_listen_fds(3)


def sockets(
    settings: Settings, fd: int | None = None, *, own_port: bool = False
) -> list[socket.socket]:
    """Return the inherited sockets: `fd`, and those from systemd.

    Without any, or if `own_port`, also a socket on the configured port. OSError in one clear line.
    """
    found = [_inherited(number) for number in _handed_over(fd)]
    return found if found and not own_port else [*found, *_bound(settings)]


def where(listening: list[socket.socket]) -> str:
    """Return the URLs of the sockets' ports, as a person would open them."""
    ports = dict.fromkeys(each.getsockname()[1] for each in listening)
    return " and ".join(f"http://localhost:{port}" for port in ports)


def _handed_over(fd: int | None) -> Iterator[int]:
    if fd is not None:
        yield fd
    # Not for the programs that we start in turn.
    pid, count = os.environ.pop("LISTEN_PID", ""), os.environ.pop("LISTEN_FDS", "")
    if pid == str(os.getpid()) and count.isdecimal():
        yield from range(FIRST_FD, FIRST_FD + int(count))


def _inherited(fd: int) -> socket.socket:
    try:
        found = socket.socket(fileno=os.dup(fd))
        listens = found.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)
    except OSError as error:
        raise OSError(f"file descriptor {fd}: {error.strerror or error}") from error
    if not listens or found.family not in (socket.AF_INET, socket.AF_INET6):
        raise OSError(f"file descriptor {fd} is not a listening TCP socket")
    found.setblocking(False)
    if fd < FIRST_FD:  # supervisord's is stdin, which our children would inherit
        with open(os.devnull, "rb") as nothing:
            os.dup2(nothing.fileno(), fd)
    else:
        os.close(fd)
    return found


def _bound(settings: Settings) -> list[socket.socket]:
    try:
        return bind_sockets(settings.port, settings.address or None, reuse_port=False)
    except OSError as error:
        place = f"{settings.address or '*'}:{settings.port}"
        raise OSError(f"cannot listen on {place}: {error.strerror or error}") from error
