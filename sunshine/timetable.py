"""The jobs there are, a line each: name, what it does, when, which rule. Run by sunshine/jobs.py.

How to add one: docs/jobs.md. Processes share what is due: no job may rely on another one's turn.
"""

from datetime import time

from models import DATABASES
from sunshine import cleanup
from sunshine.jobs import Job
from sunshine.rules import attendance_jobs
from sunshine.schedules import Daily, Every

ALL = DATABASES
HOURLY = Every(60)

# fmt: off
JOBS = (
    Job("cleanup", "Delete ended tokens, stored answers, old runs", HOURLY, cleanup.sweep, ALL),
    Job("attendance-auto-check-out", "Check out who forgot to", Every(15),
        attendance_jobs.check_out_forgotten),
    Job("attendance-absences", "Write absences and holidays of days that are over",
        Daily(time(0, 30)), attendance_jobs.close_days),
)
# fmt: on
