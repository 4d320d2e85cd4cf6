"""Tables, in SQLAlchemy Core; no behaviour. One file per module, named as its handlers."""

from models import (
    assets,
    attendance,
    auth,
    departments,
    employees,
    fleet,
    freelance,
    jobs,
    kernel,
    leave,
    meeting_rooms,
    onapps,
    permit,
    placements,
    positions,
    sales,
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
    "freelance",
    "jobs",
    "kernel",
    "leave",
    "meeting_rooms",
    "onapps",
    "permit",
    "placements",
    "positions",
    "sales",
    "shifts",
]
