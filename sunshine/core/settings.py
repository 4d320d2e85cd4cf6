"""The configuration of one process. Built by sunshine/core/environment.py."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from sunshine.core.database_settings import DatabaseSettings
from sunshine.core.policy import Policy


@dataclass(frozen=True)
class Limits:
    """How much one caller may do; enforced if `rate_limit_enabled`.

    Users and drivers: requests per hour. Addresses: reads and files per 15 minutes, and open
    connections.
    """

    user: int
    driver: int
    fleet_reads: int
    public_reads: int
    public_files: int
    sockets: int
    connections: int


@dataclass(frozen=True)
class Settings:
    """The configuration of one process.

    `values` holds every variable as read, for printing; `server_named_by` lists the variables that
    turn the embedded PostgreSQL off.
    """

    environment: str
    address: str
    port: int
    base_domain: str
    files_origin: str
    directory: Path
    storage_url: str
    databases: Mapping[str, DatabaseSettings]
    embedded: bool
    server_named_by: tuple[str, ...]
    pg_wait: int
    pg_bin_dir: Path | None
    backup_dir: Path | None
    jwt_secret: str
    jwt_expiration: int
    bcrypt_cost: int
    cors_origins: tuple[str, ...]
    trusted_proxies: tuple[str, ...]
    rate_limit_enabled: bool
    rate_limit_storage: str
    limits: Limits
    metrics_allow: tuple[str, ...]
    api_docs: bool
    jobs_enabled: bool
    policy: Policy
    cms_public_read: bool
    request_deadline: float
    shutdown_seconds: float
    log_level: str
    log_format: str
    log_sql: bool
    event_loop: str
    mongo_mitra: str
    values: Mapping[str, Any]

    @property
    def files_base(self) -> str:
        """Return the prefix of all file URLs."""
        return self.files_origin or self.base_domain

    @property
    def business_tz(self) -> ZoneInfo:
        """Return the timezone of the company's days."""
        return self.policy.timezone

    @property
    def production(self) -> bool:
        """Return whether unsafe settings are refused and errors reveal nothing."""
        return self.environment == "production"

    @property
    def private(self) -> Path:
        """Return the folder that is never served: the embedded cluster, the generated secret."""
        return self.directory / "private"
