"""Unsafe settings: what production refuses to start with, and what logs a warning."""

import math
import os
import stat
from collections import Counter
from collections.abc import Iterator, Sequence
from ipaddress import ip_network
from itertools import pairwise
from pathlib import Path

from sunshine.core.settings import Settings
from sunshine.core.variables import EXAMPLE_SECRETS

# The estimate for 128 random bits in hexadecimal is never lower
# (docs/decisions/0033-what-is-typed.md).
LEAST_BITS = 64
SHORTEST_SECRET = 32  # bytes
LOWEST_COST = 10
LONGEST_TOKEN = 30 * 24 * 3600  # seconds
# 10.0.0.0/8 and fd00::/8 fit one company; anything wider is the internet, or half of it.
_WIDEST = {4: 8, 6: 8}


def refused(settings: Settings, file: Path) -> list[str]:
    """Return what production refuses to start with. `file` is the .env."""
    if not settings.production:
        return []
    lines = []
    if not settings.jwt_secret:
        lines.append("JWT_SECRET: required in production")
    elif said := weakness(settings.jwt_secret):
        lines.append(f"JWT_SECRET: {said}")
    if "*" in settings.cors_origins:
        lines.append("CORS_ORIGINS: name the allowed origins in production ('*' allows everyone)")
    if settings.files_origin.startswith("http:"):
        lines.append("FILES_ORIGIN: must be https in production")
    if file.is_file() and file.stat().st_mode & (stat.S_IRGRP | stat.S_IROTH):
        lines.append(f"{file}: readable by others; chmod 600 it")
    return lines


def warnings(settings: Settings) -> list[str]:
    """Return a line, starting with the variable's name, per setting that is accepted but unsafe."""
    return list(_warnings(settings))


def _warnings(settings: Settings) -> Iterator[str]:
    if settings.jwt_secret and (said := weakness(settings.jwt_secret)):
        yield f"JWT_SECRET: {said} (production refuses it)"
    if "null" in settings.cors_origins:
        yield "CORS_ORIGINS: 'null' is what every sandboxed page and local file calls itself"
    for name in ("TRUSTED_PROXIES", "METRICS_ALLOW"):
        for network in filter(_is_everybody, settings.values[name]):
            yield f"{name}: {network} is everybody; name your own"
    if not settings.rate_limit_enabled:
        yield "RATE_LIMIT_ENABLED: false; passwords may be tried without end"
    if settings.bcrypt_cost < LOWEST_COST:
        yield f"BCRYPT_COST: {settings.bcrypt_cost}; below {LOWEST_COST} a stolen hash is soon read"
    if settings.jwt_expiration > LONGEST_TOKEN:
        yield "JWT_EXPIRATION: more than 30 days; a leaked token stays valid that long"
    if settings.production:
        yield from _unverified(settings)


def _unverified(settings: Settings) -> Iterator[str]:
    """Yield a line per remote server whose identity is not verified."""
    reported = set()
    for name, database in settings.databases.items():
        hosts = tuple(host for host, _ in database.servers if not _is_here(host))
        # Not set: libpq's own environment may set it.
        mode = database.sslmode or os.environ.get("PGSSLMODE") or "prefer"
        if hosts and mode != "verify-full" and (hosts, mode) not in reported:
            reported.add((hosts, mode))
            yield (
                f"PG_{name.upper()}_SSLMODE: {mode}; whoever is between here and "
                f"{', '.join(hosts)} may read and change everything: verify-full"
            )


def _is_here(host: str) -> bool:
    return host.startswith(("/", "@", "127.")) or host in ("localhost", "::1", "")


def weakness(secret: str) -> str | None:
    """Return what is wrong with a secret, worded to follow its name; None if it is good."""
    if secret in EXAMPLE_SECRETS:
        return "is the documentation's example; make your own"
    if len(secret.encode()) < SHORTEST_SECRET:
        return f"must be at least {SHORTEST_SECRET} bytes"
    if bits(secret) < LEAST_BITS:
        return "is too regular to be random; make one: openssl rand -base64 48"
    return None


def bits(secret: str) -> float:
    """Return an upper bound of a secret's entropy in bits.

    It assumes that each character was drawn as often as it occurs, and takes the lowest of three
    estimates: of the repeated unit; of the steps from each character to the next, of which a
    sequence has only one; and of the distinct phrases (Lempel and Ziv 1978), which detects
    repetition with variations.
    """
    unit = secret[: _period(secret)]
    points = [ord(char) for char in unit]
    steps = [after - before for before, after in pairwise(points)]
    phrases = _phrases(secret)
    return min(_entropy(points), _entropy(steps), phrases * math.log2(max(phrases, 1)))


def _entropy(values: Sequence[int]) -> float:
    """Return the Shannon entropy of all values together."""
    counts = Counter(values).values()
    return sum(count * math.log2(len(values) / count) for count in counts)


def _phrases(text: str) -> int:
    known: set[str] = set()
    phrase = ""
    for char in text:
        phrase += char
        if phrase not in known:
            known.add(phrase)
            phrase = ""
    return len(known) + bool(phrase)


def _period(text: str) -> int:
    """Return the length of the unit a text repeats; the last repetition may be incomplete."""
    return next(n for n in range(1, len(text) + 1) if text.startswith(text[n:]))


def _is_everybody(network: str) -> bool:
    found = ip_network(network)
    return found.prefixlen < _WIDEST[found.version]
