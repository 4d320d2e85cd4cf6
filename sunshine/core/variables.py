"""Every environment variable: type, default, meaning. Read by sunshine/core/environment.py.

A Cerberus schema over strings; `meta.help` and `meta.secret` are for `sunshine config show` and
config/.env.example.
"""

import re
from datetime import date
from ipaddress import ip_network
from typing import Any
from zoneinfo import ZoneInfo

DATABASES = ("sunshine", "fleet", "cms", "mitra")
DATABASE_KEYS = (
    "HOST", "PORT", "USER", "PASSWORD", "DB", "DIALECT",
    "SSLMODE", "SSLROOTCERT", "SSLCERT", "SSLKEY", "TARGET",
    "MAX_POOL", "MIN_POOL", "ACQUIRE_POOL", "IDLE_POOL",
)  # fmt: skip
# Any of these points to a server, or an account on one, and turns the embedded one off.
SERVER_KEYS = (
    "HOST", "PORT", "USER", "PASSWORD", "DB", "SSLMODE", "SSLROOTCERT", "SSLCERT", "SSLKEY",
    "TARGET",
)  # fmt: skip
SSL_MODES = ["disable", "allow", "prefer", "require", "verify-ca", "verify-full"]
TARGETS = ["any", "read-write", "primary", "read-only", "standby", "prefer-standby"]
EXAMPLE_SECRETS = frozenset({"your_very_long_random_secret_key_min_32_characters", "change_me" * 4})


def _integer(value: str) -> int:
    if not (value.isascii() and value.isdigit()):
        raise ValueError("must be a whole number")
    return int(value)


def _boolean(value: str) -> bool:
    words = {"1": True, "true": True, "yes": True, "on": True}
    words |= {"0": False, "false": False, "no": False, "off": False}
    if value.lower() not in words:
        raise ValueError("must be true or false")
    return words[value.lower()]


def _listed(value: str) -> tuple[str, ...]:
    return tuple(part.strip().rstrip("/") for part in value.split(",") if part.strip())


def _networks(value: str) -> tuple[str, ...]:
    networks = _listed(value)
    for network in networks:
        ip_network(network)
    return networks


def _origin(value: str) -> str:
    if not re.fullmatch(r"https?://[a-z0-9.-]+(:[1-9][0-9]{0,4})?/?", value.lower()):
        raise ValueError("must be an origin as https://files.example.com")
    return value.lower().rstrip("/")


def _zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (ValueError, OSError, KeyError) as error:
        raise ValueError("must name a timezone such as Asia/Jakarta") from error
    return value


def _variable(
    help_: str, default: str | None = None, *, secret: bool = False, **rules: Any
) -> dict:
    """Declare one variable; the default is written as in the environment."""
    meta = {"help": help_, "secret": secret}
    return {"meta": meta} | rules | ({} if default is None else {"default": default})


def _text(help_: str, default: str | None = None, **more: Any) -> dict:
    return _variable(help_, default, type="string", **more)


def _number(help_: str, default: int, minimum: int, maximum: int) -> dict:
    return _variable(help_, str(default), type="integer", coerce=_integer, min=minimum, max=maximum)


def _flag(help_: str, default: bool) -> dict:
    return _variable(help_, str(default).lower(), type="boolean", coerce=_boolean)


def _month_day(value: str) -> str:
    try:
        date.fromisoformat(f"2023-{value}")
    except ValueError:
        raise ValueError("must be a day of every year as MM-DD, such as 03-31") from None
    return value


def _hours(value: str) -> str:
    found = re.fullmatch(r"((?:[01][0-9]|2[0-3]):[0-5][0-9])-([0-9]{2}:[0-5][0-9])", value)
    if not found or not found[1] < found[2] <= "24:00":
        raise ValueError("must be hours of one day as 09:00-17:00, or 00:00-24:00 for all of it")
    return value


def _weekdays(value: str) -> str:
    days = [part.strip() for part in value.split(",")]
    if not set(days) <= set("1234567") or len(set(days)) != len(days):
        raise ValueError("must be a comma list of weekdays, 1 (Monday) to 7, each once")
    return value


def _targets(value: str) -> str:
    if not re.fullmatch(r"[1-9][0-9]{0,4}/[1-9][0-9]{0,4}", value):
        raise ValueError("must be two numbers of minutes, 1 to 99999, as 60/240")
    return value


def _sla(priority: str, default: str) -> dict:
    help_ = f"minutes to the first response / the resolution of {priority} tickets, business time"
    return _variable(help_, default, type="string", coerce=_targets)


def _mongo(value: str) -> str:
    if not re.match(r"mongodb(\+srv)?://", value):
        raise ValueError("must begin with mongodb:// or mongodb+srv://")
    if value.startswith("mongodb://"):  # mongodb+srv:// needs a DNS lookup
        from pymongo.errors import PyMongoError
        from pymongo.uri_parser import parse_uri

        try:
            parse_uri(value)
        except (PyMongoError, ValueError) as error:
            raise ValueError(f"is no MongoDB address: {error}") from None
    return value


def _list(help_: str, default: str) -> dict:
    return _variable(help_, default, coerce=_listed)


def _hosts(value: str) -> str:
    hosts = [host.strip() for host in value.split(",")]
    if not all(hosts):
        raise ValueError("must be a host, or several by commas")
    return ",".join(hosts)


def _ports(value: str) -> int | tuple[int, ...]:
    ports = tuple(_integer(port.strip()) for port in value.split(","))
    if not all(0 < port < 65536 for port in ports):
        raise ValueError("must be a port from 1 to 65535, or several by commas")
    return ports if len(ports) > 1 else ports[0]


def _database(name: str) -> dict[str, dict]:
    small = name != "sunshine"
    variables = {
        "HOST": _variable(
            "server name, address or socket folder; standbys that can take over, comma-separated",
            "localhost", type="string", coerce=_hosts,
        ),
        "PORT": _variable("server port; one per host, comma-separated, or one for all", "5432",
                          coerce=_ports),
        "USER": _text("role that owns the database", "sunshine"),
        "PASSWORD": _text("its password", "", secret=True),
        "DB": _text("database name", f"{name}_db"),
        "DIALECT": _text("postgres is the only one", "postgres", allowed=["postgres"]),
        "SSLMODE": _text("TLS to the server (prefer); verify-full if it is on another machine",
                         allowed=SSL_MODES),
        "SSLROOTCERT": _text("file of the authorities that sign its certificate, or system"),
        "SSLCERT": _text("file of our client certificate, if the server requires one"),
        "SSLKEY": _text("file of its key, readable by nobody else"),
        "TARGET": _text("which server to use (read-write with several hosts, else any)",
                        allowed=TARGETS),
        "MAX_POOL": _number("maximum connections of one process", 10 if small else 20, 1, 1000),
        "MIN_POOL": _number("connections kept open", 1 if small else 5, 0, 1000),
        "ACQUIRE_POOL": _number("ms to wait for a connection; at most 2500", 2500, 1, 3_600_000),
        "IDLE_POOL": _number("ms before an idle connection closes", 10_000, 1000, 86_400_000),
    }  # fmt: skip
    return {f"PG_{name.upper()}_{key}": variables[key] for key in DATABASE_KEYS}


ENVIRONMENTS = ["development", "production", "test"]
LEVELS = ["debug", "info", "warning", "error"]

VARIABLES: dict[str, dict[str, Any]] = {
    "NODE_ENV": _text("development, production or test; APP_ENV wins", allowed=ENVIRONMENTS),
    "APP_ENV": _text("development, production or test", allowed=ENVIRONMENTS),
    "SERVER_ADDRESS": _text("address to listen on; empty for all", "", empty=True),
    "SERVER_PORT": _number("port to listen on", 3601, 0, 65535),
    "BASE_DOMAIN": _text(
        "the server's public URL, for links (http://localhost:SERVER_PORT)",
        regex=r"https?://[^\s/]+(/[^\s]*)?",
    ),
    "FILES_ORIGIN": _variable(
        "another host name of this server, such as https://files.example.com, only for files:"
        " PDFs open in the browser there; without it they are downloaded",
        type="string", coerce=_origin,
    ),
    "DIR": _text("folder of files, and of the embedded database (./resources)"),
    "STORAGE_URL": _text(
        "where to store files instead of DIR: s3://bucket/prefix", regex=r"s3://[^\s/]+(/[^\s]*)?"
    ),
    "AWS_REGION": _text("region of STORAGE_URL", "us-east-1"),
    "AWS_ENDPOINT_URL": _text("server of STORAGE_URL, if not Amazon's",
                              regex=r"https?://\S+"),
    "AWS_ACCESS_KEY_ID": _text("key of STORAGE_URL (default: the machine's own credentials)"),
    "AWS_SECRET_ACCESS_KEY": _text("its secret", secret=True),
    **{key: value for name in DATABASES for key, value in _database(name).items()},
    "PG_WAIT_SECONDS": _number(
        "seconds to wait at start for the database server", 60, 0, 86_400
    ),
    "PG_BIN_DIR": _text("folder of pg_dump, pg_restore and psql (the newest found)"),
    "BACKUP_DIR": _text("folder of the backups, unless the command line names another"),
    "JWT_SECRET": _text("signs tokens; at least 32 bytes (generated at first start)", secret=True),
    "JWT_EXPIRATION": _number("seconds a token is valid", 86_400, 60, 31_536_000),
    "BCRYPT_COST": _number("work factor of password hashes", 10, 4, 16),
    "CORS_ORIGINS": _list("comma list of browser origins; * only outside production", "*"),
    "TRUSTED_PROXIES": _variable(
        "comma list of addresses and networks whose X-Forwarded-* headers are trusted",
        "127.0.0.1,::1",
        coerce=_networks,
    ),
    "RATE_LIMIT_ENABLED": _flag("limit the rate of requests", True),
    "RATE_LIMIT_STORAGE": _text(
        "where to count requests: memory, or redis://host:port for several processes",
        "memory",
        regex=r"memory|rediss?://\S+",
        secret=True,
    ),
    "RATE_LIMIT_USER_PER_HOUR": _number("requests of one user per hour", 1000, 1, 10**9),
    "RATE_LIMIT_DRIVER_PER_HOUR": _number("requests of one driver per hour", 3600, 1, 10**9),
    "RATE_LIMIT_FLEET_READS_PER_HOUR": _number(
        "reads of the fleet by one user per hour, counted separately from other requests",
        20_000, 1, 10**9,
    ),
    "RATE_LIMIT_PUBLIC_READS": _number(
        "reads of public content by one address per 15 minutes", 6000, 1, 10**9
    ),
    "RATE_LIMIT_PUBLIC_FILES": _number(
        "downloads of public files by one address per 15 minutes", 20_000, 1, 10**9
    ),
    "MAX_SOCKETS_PER_USER": _number("WebSockets of one user per process", 10, 1, 10**6),
    "MAX_CONNECTIONS_PER_ADDRESS": _number(
        "open connections of one address per process", 100, 1, 10**6
    ),
    "METRICS_ALLOW": _variable(
        "comma list of addresses and networks that may read /metrics; others get 404",
        "127.0.0.1,::1",
        coerce=_networks,
    ),
    "API_DOCS": _variable(
        "serve /api/docs and /api/openapi.json (true, but false in production)",
        type="boolean",
        coerce=_boolean,
    ),
    "JOBS_ENABLED": _flag("run the periodic jobs in this process; see `sunshine jobs list`", True),
    "BUSINESS_TZ": _variable(
        "timezone of the company's days", "UTC", type="string", coerce=_zone
    ),
    "ATTENDANCE_MAX_BACKDATE_MINUTES": _number(
        "how far in the past employees may date their own check-in or check-out", 15, 0, 525_600
    ),
    "GEOFENCE_ENFORCE": _flag("refuse a check-in outside every allowed location", False),
    "LEAVE_ANNUAL_DAYS": _number("days of annual leave per year", 12, 0, 366),
    "LEAVE_SPECIAL_DAYS": _number("days of special leave per year", 5, 0, 366),
    "LEAVE_PRORATE": _flag("in the year of joining, grant only its remaining months", False),
    "LEAVE_CARRY_FORWARD_DAYS": _number(
        "maximum days of annual leave that carry over to the next year", 0, 0, 366
    ),
    "LEAVE_CARRY_FORWARD_EXPIRY": _variable(
        "day on which carried-over leave expires: MM-DD (never)", type="string", coerce=_month_day
    ),
    "LEAVE_APPROVAL_GRACE_DAYS": _number(
        "minimum days an approver has before a request is rejected automatically", 3, 0, 366
    ),
    "BUSINESS_HOURS": _variable(
        "hours that count for tickets' deadlines, in BUSINESS_TZ", "09:00-17:00",
        type="string", coerce=_hours,
    ),
    "BUSINESS_DAYS": _variable(
        "weekdays that count, 1 (Monday) to 7; holidays never do",
        "1,2,3,4,5",
        type="string",
        coerce=_weekdays,
    ),
    "SLA_URGENT": _sla("urgent", "15/60"),
    "SLA_HIGH": _sla("high", "60/240"),
    "SLA_MEDIUM": _sla("medium", "60/480"),
    "SLA_LOW": _sla("low", "240/960"),
    "ROOM_NO_SHOW_MINUTES": _number(
        "minutes after its start at which a meeting without check-in releases its room; 0: never",
        0, 0, 1440,
    ),
    "CMS_PUBLIC_READ": _flag("serve published content (/api/cms) without a token", False),
    "REQUEST_DEADLINE_MS": _number("ms after which a request gets a 503", 8000, 500, 600_000),
    "SHUTDOWN_MS": _number("ms that requests in flight have at shutdown", 8000, 0, 600_000),
    "LOG_LEVEL": _text("lowest level to log", "info", allowed=LEVELS),
    "LOG_FORMAT": _text(
        "json, text, or auto: text on a terminal", "auto", allowed=["auto", "json", "text"]
    ),
    "LOG_SQL": _flag("log every SQL statement, without its values", False),
    "EVENT_LOOP": _text(
        "asyncio, uvloop, or auto: uvloop if installed", "auto",
        allowed=["auto", "asyncio", "uvloop"],
    ),
    "MONGO_MITRA": _variable(
        "MongoDB for partners' documents, as mongodb://user:password@host:27017/mitra_db; without"
        " it PostgreSQL stores them",
        type="string", coerce=_mongo, secret=True,
    ),
    "FIREBASE_SERVICE_ACCOUNT_PATH": _text("service account file for push messages"),
    "FIREBASE_DATABASE_URL": _text("Firebase database", regex=r"https://\S+"),
}  # fmt: skip


def example() -> str:
    """Return config/.env.example: every variable with its meaning; defaults are commented out."""
    lines = [
        "# Every variable, with its default. Any X may be read from a file instead: X_FILE=path."
    ]
    for name, variable in VARIABLES.items():
        lines += ["", f"# {variable['meta']['help']}", f"#{name}={variable.get('default', '')}"]
    return "\n".join(lines) + "\n"
