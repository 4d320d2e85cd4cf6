"""Where people work: an employee is placed at a location for a period.

Tables: models/placements.py. Periods: sunshine/modules/employees/periods.py.
"""

from models.attendance import location
from models.placements import placement
from sunshine.core.errors import Conflict
from sunshine.modules.employees.periods import Periods

placements = Periods(
    placement,
    field="locationId",
    permission="placements:write",
    refers_to=location,
    shows={"location": location.c.name},
    more={"notes": placement.c.notes},
    # Several places at once are fine; the same one twice is not.
    overlap=Conflict("Overlaps another placement at this location", code="placement_overlap"),
    overlaps_per=placement.c.location_id,
)
