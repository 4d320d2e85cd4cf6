"""Every job there is. Each module has its own in its jobs.py: name, what it does, when, which rule.

How to add one: docs/jobs.md. Processes share what is due: no job may rely on another one's turn.
Run by sunshine/jobs/runner.py.
"""

from functools import partial

from models import DATABASES
from sunshine.files import uploads
from sunshine.files.storage import Storage
from sunshine.jobs.runner import Job
from sunshine.jobs.schedules import Every
from sunshine.modules import cleanup
from sunshine.modules.assets import jobs as assets
from sunshine.modules.attendance import jobs as attendance
from sunshine.modules.fleet import jobs as fleet
from sunshine.modules.leave import jobs as leave
from sunshine.modules.meeting_rooms import jobs as meeting_rooms
from sunshine.modules.mitra import documents
from sunshine.modules.tickets import jobs as tickets

HOURLY = Every(60)
JOBS = (
    Job(
        "cleanup",
        "Delete ended tokens, stored answers, old runs, contents without a document",
        HOURLY,
        cleanup.sweep,
        DATABASES,
        documents.sweep,
    ),
    *leave.JOBS,
    *attendance.JOBS,
    *tickets.JOBS,
    *assets.JOBS,
    *fleet.JOBS,
    *meeting_rooms.JOBS,
)


def jobs(storage: Storage) -> tuple[Job, ...]:
    """All there are: those above, and what is done to files."""
    sweep = partial(uploads.sweep, storage)
    return (
        *JOBS,
        Job("temp-files", "Remove uploads of a day ago", HOURLY, uploads.expire, after=sweep),
    )
