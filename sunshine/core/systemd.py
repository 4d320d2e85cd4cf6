"""Notifications to systemd, if it started the server."""

import asyncio
import contextlib
import os
import socket


def notify(state: str) -> None:
    """Send a state to systemd if it started us (sd_notify(3))."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if address:
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as to:
            to.sendto(state.encode(), "\0" + address[1:] if address[0] == "@" else address)


async def keep_watchdog_quiet() -> None:
    """Report for ever that the event loop is alive, twice per watchdog timeout."""
    microseconds = os.environ.get("WATCHDOG_USEC", "")
    ours = os.environ.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
    while ours and microseconds.isdecimal() and int(microseconds):
        notify("WATCHDOG=1")
        await asyncio.sleep(int(microseconds) / 2e6)
