"""Places where people may check in: plain records. Tables: models/attendance.py."""

from sqlalchemy import bindparam, func

from models.attendance import location
from models.placements import placement
from sunshine.core.errors import Conflict, violations
from sunshine.database.pages import contains
from sunshine.database.records import Records
from sunshine.modules.attendance.rows import LocationRow
from sunshine.modules.attendance.schemas import LOCATION_FILTERS
from sunshine.modules.employees.periods import use

violations(
    {
        "location_name_key": Conflict.field(
            "name", "A location of this name exists already", code="location_name_taken"
        )
    }
)

locations = Records(
    location,
    fields={
        "name": location.c.name,
        "latitude": location.c.latitude,
        "longitude": location.c.longitude,
        "radiusMeters": location.c.radius_meters,
        "address": location.c.address,
        "timezone": location.c.timezone,
        "active": location.c.active,
    },
    uses=(use("placement", placement.c.location_id),),
    schema=LOCATION_FILTERS,
    filters={
        "active": location.c.active == bindparam("active"),
        "search": contains(func.lower(location.c.name)),
    },
    sort={"name": location.c.name, "createdAt": location.c.created_at},
    row=LocationRow,
)
