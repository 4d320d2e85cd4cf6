"""Tables, in SQLAlchemy Core; no behaviour. One file per module, named as its handlers."""

from models import (
    assets,
    attendance,
    auth,
    departments,
    employees,
    fleet,
    jobs,
    kernel,
    leave,
    permit,
    placements,
    positions,
    shifts,
)
from models.base import DATABASES, METADATA

__all__ = [
    "DATABASES",
    "METADATA",
    "assets",
    "attendance",
    "auth",
    "departments",
    "employees",
    "fleet",
    "jobs",
    "kernel",
    "leave",
    "permit",
    "placements",
    "positions",
    "shifts",
]
