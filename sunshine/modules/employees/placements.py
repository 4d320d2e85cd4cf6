"""Where people work: employees are placed at locations for periods.

Tables: models/placements.py. Periods: sunshine/modules/employees/periods.py.
"""

from models.attendance import location
from models.placements import placement
from sunshine.core.errors import Conflict
from sunshine.modules.employees.periods import Periods
from sunshine.modules.employees.rows import PlacementRow

placements = Periods(
    placement,
    field="locationId",
    permission="placements:write",
    refers_to=location,
    shows={"location": location.c.name},
    more={"notes": placement.c.notes},
    # Several locations at once are fine; the same one twice is not.
    overlap=Conflict("Overlaps another placement at this location", code="placement_overlap"),
    overlaps_per=placement.c.location_id,
    row=PlacementRow,
)
