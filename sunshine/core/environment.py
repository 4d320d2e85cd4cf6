"""Builds one frozen Settings from the environment and `.env`; reports all errors at once, at start.

The variables are declared in sunshine/core/variables.py; `sunshine config` prints them.
"""

import difflib
import os
from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from cerberus import Validator

from sunshine.core import database_settings, firebase
from sunshine.core.policy import Policy, minutes
from sunshine.core.settings import Limits, Settings
from sunshine.core.unsafe_settings import refused
from sunshine.core.variables import DATABASES, SERVER_KEYS, VARIABLES

PREFIXES = tuple({name.split("_")[0] + "_" for name in VARIABLES})


class SettingsError(Exception):
    """Everything that is wrong with the configuration, one line per error."""

    def __init__(self, lines: list[str]) -> None:
        super().__init__("; ".join(lines))
        self.lines = lines


def load(environ: Mapping[str, str] | None = None, home: Path | None = None) -> Settings:
    """Read the environment, then `.env` in the home folder for variables that are not set.

    The home folder is SUNSHINE_HOME, otherwise the working directory. Raises SettingsError.
    """
    environ = os.environ if environ is None else environ
    home = home or Path(environ.get("SUNSHINE_HOME") or Path.cwd())
    file = home / ".env"
    errors: list[str] = []
    given = _given(environ, file, errors)
    values = _validated(given, errors)
    errors += database_settings.faults(values, given) if not errors else ()
    if errors:
        raise SettingsError(errors)
    settings = _settings(values, given, home)
    wrong = [*_unusable(settings), *refused(settings, file)]
    if wrong:
        raise SettingsError(wrong)
    return settings


def _given(environ: Mapping[str, str], file: Path, errors: list[str]) -> dict[str, str]:
    """Return the known variables with a non-empty value, by upper-case name; add typos to
    `errors`."""
    found: dict[str, str] = {}
    for source, pairs in (("environment", environ), (str(file), _read(file, errors))):
        for key, value in pairs.items():
            name = key.upper()
            base = name.removesuffix("_FILE") if name not in VARIABLES else name
            if base not in VARIABLES:
                _suggest(name, source, errors)
            elif value.strip() and base not in found:
                content = value if base == name else _content(name, value, errors)
                found[base] = content.strip()
    return found


def _read(file: Path, errors: list[str]) -> dict[str, str]:
    from dotenv import dotenv_values

    try:
        if not file.is_file():
            return {}
        return {key: value or "" for key, value in dotenv_values(file, interpolate=False).items()}
    except (OSError, UnicodeDecodeError) as error:
        errors.append(f"{file}: cannot be read: {error}")
        return {}


def _content(name: str, path: str, errors: list[str]) -> str:
    try:
        return Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        errors.append(f"{name}: cannot read {path}: {error}")
        return ""


def _suggest(name: str, source: str, errors: list[str]) -> None:
    """Add an error for an unknown variable.

    The environment is full of other programs' variables, so there only near misses of ours count.
    """
    near = difflib.get_close_matches(name, VARIABLES, n=1, cutoff=0.85)
    if source != "environment":
        hint = f", did you mean {near[0]}?" if near else ""
        errors.append(f"{name} in {source}: unknown variable{hint}")
    elif near and name.startswith(PREFIXES):
        errors.append(f"{name}: unknown variable, did you mean {near[0]}?")


def _validated(given: Mapping[str, str], errors: list[str]) -> dict[str, Any]:
    validator = Validator(VARIABLES, purge_unknown=False)
    if not validator.validate(dict(given)):
        for name, problems in sorted(validator.errors.items()):
            shown = "" if VARIABLES[name]["meta"].get("secret") else f" (got {given.get(name)!r})"
            problem = problems[0].partition("cannot be coerced: ")[2] or problems[0]
            errors.append(f"{name}: {problem}{shown}")
    return dict(validator.document or {})


def _settings(values: dict[str, Any], given: Mapping[str, str], home: Path) -> Settings:
    directory = Path(values["DIR"]).expanduser() if values.get("DIR") else home / "resources"
    port = values["SERVER_PORT"]
    environment = values.get("APP_ENV") or values.get("NODE_ENV") or "development"
    naming = (f"PG_{name.upper()}_{key}" for name in DATABASES for key in SERVER_KEYS)
    named_by = tuple(name for name in naming if name in given)
    return Settings(
        environment=environment,
        address=values["SERVER_ADDRESS"],
        port=port,
        base_domain=(values.get("BASE_DOMAIN") or f"http://localhost:{port}").rstrip("/"),
        files_origin=values.get("FILES_ORIGIN", ""),
        directory=directory.absolute(),
        storage_url=values.get("STORAGE_URL", ""),
        databases=database_settings.read(values, given),
        embedded=not named_by,
        server_named_by=named_by,
        pg_wait=values["PG_WAIT_SECONDS"],
        pg_bin_dir=_folder(values, "PG_BIN_DIR"),
        backup_dir=_folder(values, "BACKUP_DIR"),
        jwt_secret=values.get("JWT_SECRET", ""),
        jwt_expiration=values["JWT_EXPIRATION"],
        bcrypt_cost=values["BCRYPT_COST"],
        cors_origins=values["CORS_ORIGINS"],
        trusted_proxies=values["TRUSTED_PROXIES"],
        rate_limit_enabled=values["RATE_LIMIT_ENABLED"],
        rate_limit_storage=values["RATE_LIMIT_STORAGE"],
        limits=_limits(values),
        metrics_allow=values["METRICS_ALLOW"],
        api_docs=values.get("API_DOCS", environment != "production"),
        jobs_enabled=values["JOBS_ENABLED"],
        policy=_policy(values),
        cms_public_read=values["CMS_PUBLIC_READ"],
        request_deadline=values["REQUEST_DEADLINE_MS"] / 1000,
        shutdown_seconds=values["SHUTDOWN_MS"] / 1000,
        log_level=values["LOG_LEVEL"],
        log_format=values["LOG_FORMAT"],
        log_sql=values["LOG_SQL"],
        event_loop=values["EVENT_LOOP"],
        mongo_mitra=values.get("MONGO_MITRA", ""),
        values=values,
    )


def _folder(values: Mapping[str, Any], name: str) -> Path | None:
    return Path(values[name]).expanduser().absolute() if values.get(name) else None


def _limits(values: Mapping[str, Any]) -> Limits:
    return Limits(
        user=values["RATE_LIMIT_USER_PER_HOUR"],
        driver=values["RATE_LIMIT_DRIVER_PER_HOUR"],
        fleet_reads=values["RATE_LIMIT_FLEET_READS_PER_HOUR"],
        public_reads=values["RATE_LIMIT_PUBLIC_READS"],
        public_files=values["RATE_LIMIT_PUBLIC_FILES"],
        sockets=values["MAX_SOCKETS_PER_USER"],
        connections=values["MAX_CONNECTIONS_PER_ADDRESS"],
    )


def _policy(values: Mapping[str, Any]) -> Policy:
    month, _, day = (values.get("LEAVE_CARRY_FORWARD_EXPIRY") or "").partition("-")
    return Policy(
        timezone=ZoneInfo(values["BUSINESS_TZ"]),
        max_backdate=timedelta(minutes=values["ATTENDANCE_MAX_BACKDATE_MINUTES"]),
        geofence_enforced=values["GEOFENCE_ENFORCE"],
        annual_leave_days=values["LEAVE_ANNUAL_DAYS"],
        special_leave_days=values["LEAVE_SPECIAL_DAYS"],
        leave_prorated=values["LEAVE_PRORATE"],
        carry_forward_days=values["LEAVE_CARRY_FORWARD_DAYS"],
        carry_forward_expiry=(int(month), int(day)) if month else None,
        approval_grace_days=values["LEAVE_APPROVAL_GRACE_DAYS"],
        business_hours=minutes(*(_minute(at) for at in values["BUSINESS_HOURS"].split("-"))),
        business_days=frozenset(int(day) for day in values["BUSINESS_DAYS"].split(",")),
        sla={
            priority: minutes(*map(int, values[f"SLA_{priority.upper()}"].split("/")))
            for priority in ("urgent", "high", "medium", "low")
        },
        room_no_show=timedelta(minutes=values["ROOM_NO_SHOW_MINUTES"]) or None,
    )


def _minute(time_of_day: str) -> int:
    """Convert HH:MM to minutes after midnight."""
    hours, _, minutes_ = time_of_day.partition(":")
    return int(hours) * 60 + int(minutes_)


def _unusable(settings: Settings) -> Iterator[str]:
    """Yield one line per value that is valid on its own but unusable together with the others."""
    origin, base = urlsplit(settings.files_origin), urlsplit(settings.base_domain)
    if origin.hostname and origin.hostname == (base.hostname or "").lower():
        yield "FILES_ORIGIN: must be another host than BASE_DOMAIN's"
    if settings.files_origin in settings.cors_origins:
        yield "CORS_ORIGINS: must not have FILES_ORIGIN, where files of strangers are shown"
    if path := settings.values.get("FIREBASE_SERVICE_ACCOUNT_PATH"):
        try:
            firebase.service_account(path)
        except ValueError as error:
            yield f"FIREBASE_SERVICE_ACCOUNT_PATH: {path} {error}"
