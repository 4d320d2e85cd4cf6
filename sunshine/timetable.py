"""The jobs there are, a line each: name, what it does, when, which rule. Run by sunshine/jobs.py.

How to add one: docs/jobs.md. Processes share what is due: no job may rely on another one's turn.
"""

from models import DATABASES
from sunshine import cleanup
from sunshine.jobs import Job
from sunshine.rules import meeting_room_jobs
from sunshine.schedules import Every

ALL = DATABASES
HOURLY = Every(60)

# fmt: off
JOBS = (
    Job("cleanup", "Delete ended tokens, stored answers, old runs", HOURLY, cleanup.sweep, ALL),
    Job("room-no-shows", "Give rooms free that nobody came to", Every(5),
        meeting_room_jobs.release_no_shows),
)
# fmt: on
