"""Every job and every channel of WebSockets that the modules have.

Each module lists its jobs in its jobs.py: name, what it does, when, which rule.

How to add one: docs/jobs.md. Processes share the due jobs: none may rely on another having run.
Run by sunshine/jobs/runner.py.
"""

from functools import partial

from models import DATABASES
from sunshine.files import uploads
from sunshine.files.storage import Storage
from sunshine.jobs.runner import Job
from sunshine.jobs.schedules import Every
from sunshine.live.hub import Channel
from sunshine.modules import cleanup
from sunshine.modules.assets import jobs as assets
from sunshine.modules.attendance import jobs as attendance
from sunshine.modules.branding_approval import channel as branding
from sunshine.modules.fleet import jobs as fleet
from sunshine.modules.leave import jobs as leave
from sunshine.modules.meeting_rooms import jobs as meeting_rooms
from sunshine.modules.mitra import contents
from sunshine.modules.tickets import channel as tickets_channel
from sunshine.modules.tickets import jobs as tickets

HOURLY = Every(60)
JOBS = (
    Job(
        "cleanup",
        "Delete ended tokens, stored answers, old runs, contents without a document",
        HOURLY,
        cleanup.sweep,
        DATABASES,
        contents.sweep,
    ),
    *leave.JOBS,
    *attendance.JOBS,
    *tickets.JOBS,
    *assets.JOBS,
    *fleet.JOBS,
    *meeting_rooms.JOBS,
)


# The channels by the paths of their sockets.
CHANNELS: dict[str, Channel] = {
    "/ws/tickets": tickets_channel.channel,
    "/ws/ticketing": tickets_channel.channel,
    "/ws/branding-approval": branding.channel,
}


def jobs(storage: Storage) -> tuple[Job, ...]:
    """Return all jobs: those above, and that of the given storage of files."""
    sweep = partial(uploads.sweep, storage)
    return (
        *JOBS,
        Job("temp-files", "Remove uploads of a day ago", HOURLY, uploads.expire, after=sweep),
    )
