"""Tables, in SQLAlchemy Core; no behaviour. One file per module, named as its handlers."""

from models import (
    attendance,
    auth,
    departments,
    employees,
    jobs,
    kernel,
    leave,
    permit,
    placements,
    positions,
    shifts,
    tickets,
)
from models.base import DATABASES, METADATA

__all__ = [
    "DATABASES",
    "METADATA",
    "attendance",
    "auth",
    "departments",
    "employees",
    "jobs",
    "kernel",
    "leave",
    "permit",
    "placements",
    "positions",
    "shifts",
    "tickets",
]
