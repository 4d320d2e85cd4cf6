"""The machine: Python, unwise settings, DIR, the port, the limits."""

import http.client
import os
import platform
import resource
import shutil
import socket
import stat
from collections.abc import Iterator
from ipaddress import ip_network
from pathlib import Path

from sunshine.core import firebase
from sunshine.core.settings import Settings
from sunshine.core.unsafe_settings import weakness
from sunshine.doctor import Finding

FILES_NEEDED = 4096  # one per socket, and a connection behind some
DISK_LOW, DISK_OUT = 2 << 30, 256 << 20  # bytes


def python(_: Settings) -> Iterator[Finding]:
    """Check the Python version."""
    version, recent = (
        platform.python_version(),
        tuple(map(int, platform.python_version_tuple()[:2])),
    )
    fine = recent >= (3, 11)
    yield Finding(
        "python", "OK" if fine else "FAIL", version, "" if fine else "install 3.11 or newer"
    )


def secret(settings: Settings) -> Iterator[Finding]:
    """Check the signing secret. Production has already refused a weak one."""
    found = settings.jwt_secret
    mend = "put JWT_SECRET=$(openssl rand -base64 48) into .env"
    if not found:
        yield Finding("secret", "OK", "made by the server itself, in DIR/private")
    elif said := weakness(found):
        yield Finding("secret", "WARN", f"JWT_SECRET {said}", mend)
    else:
        yield Finding("secret", "OK", f"JWT_SECRET has {len(found.encode())} bytes")


def env_file(_: Settings) -> Iterator[Finding]:
    """Check that only its owner can read .env."""
    file = Path(os.environ.get("SUNSHINE_HOME") or Path.cwd()) / ".env"
    if not file.is_file():
        yield Finding("env file", "OK", f"no {file}")
    elif mode := file.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        yield Finding(
            "env file", "WARN", f"{file} is open to others ({mode:03o})", f"chmod 600 {file}"
        )
    else:
        yield Finding("env file", "OK", f"{file} is its owner's alone")


def folder(settings: Settings) -> Iterator[Finding]:
    """Check that DIR is writable, and its free space."""
    place = settings.directory
    while not place.exists():  # the server creates it
        place = place.parent
    if not os.access(place, os.W_OK | os.X_OK):
        yield Finding("folder", "FAIL", f"{place} cannot be written", f"chown -R sunshine {place}")
        return
    yield Finding("folder", "OK", f"{settings.directory} can be written")
    usage = shutil.disk_usage(place)
    state = "FAIL" if usage.free < DISK_OUT else "WARN" if usage.free < DISK_LOW else "OK"
    found = f"{usage.free / 2**30:.1f} of {usage.total / 2**30:.0f} GiB free"
    mend = "" if state == "OK" else f"make room: du -xh {place} | sort -h | tail"
    yield Finding("disk", state, found, mend)  # type: ignore[arg-type]  # one of the three


def port(settings: Settings) -> Iterator[Finding]:
    """Check that the port is free, or that one of our servers already listens on it."""
    where = (settings.address or "127.0.0.1", settings.port)
    family = socket.AF_INET6 if ":" in where[0] else socket.AF_INET
    with socket.socket(family) as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind(where)
        except OSError as error:
            yield _taken(where, error)
        else:
            yield Finding("port", "OK", f"{settings.port} is free: no server runs here")


def _taken(where: tuple[str, int], error: OSError) -> Finding:
    connection = http.client.HTTPConnection(*where, timeout=1)
    try:
        connection.request("GET", "/healthz")
        answer = connection.getresponse()
        if answer.status == 200 and b'"success"' in answer.read(1000):
            return Finding("port", "OK", f"a server answers on {where[1]}")
    except (OSError, http.client.HTTPException):
        pass
    finally:
        connection.close()
    return Finding(
        "port", "FAIL", f"{where[0]}:{where[1]} cannot be used: {error.strerror}",
        f"ss -ltnp 'sport = :{where[1]}' shows what uses it",
    )  # fmt: skip


def proxies(settings: Settings) -> Iterator[Finding]:
    """Check whose X-Forwarded-* headers are trusted."""
    everybody = [each for each in settings.trusted_proxies if ip_network(each).prefixlen == 0]
    mend = "name the proxies themselves in TRUSTED_PROXIES"
    if everybody:
        found = f"TRUSTED_PROXIES has {everybody[0]}: anybody may claim any address"
        yield Finding("proxies", "FAIL", found, mend)
        return
    wide = [each for each in settings.trusted_proxies if not ip_network(each).is_private]
    found = f"believes {', '.join(settings.trusted_proxies) or 'nobody'}"
    if wide:
        yield Finding("proxies", "WARN", f"{found}; {wide[0]} is on the public Internet", mend)
    else:
        yield Finding("proxies", "OK", found)


def open_files(_: Settings) -> Iterator[Finding]:
    """Check the hard limit, to which the server raises its own."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    if 0 <= hard < FILES_NEEDED:
        mend = "LimitNOFILE=65536 in the service, or `ulimit -Hn 65536` before it"
        yield Finding("open files", "WARN", f"at most {hard}, sockets included", mend)
    else:
        yield Finding("open files", "OK", "no limit" if hard < 0 else f"at most {hard}")


def push(settings: Settings) -> Iterator[Finding]:
    """Check the service account for push messages, if there is one."""
    if path := settings.values.get("FIREBASE_SERVICE_ACCOUNT_PATH"):
        try:
            account = firebase.service_account(path)
        except ValueError as error:  # it has changed since the settings were read
            yield Finding("push", "FAIL", f"{path} {error}", "mind FIREBASE_SERVICE_ACCOUNT_PATH")
        else:
            yield Finding("push", "OK", f"{account.email} of the project {account.project}")


CHECKS = (python, secret, env_file, folder, port, proxies, open_files, push)
