"""The jobs there are, a line each: name, what it does, when, which rule. Run by sunshine/jobs.py.

How to add one: docs/jobs.md. Processes share what is due: no job may rely on another one's turn.
"""

from datetime import time

from models import DATABASES
from sunshine import cleanup
from sunshine.jobs import Job
from sunshine.rules import (
    asset_reminders,
    attendance_jobs,
    fleet_reminders,
    leave_jobs,
    meeting_room_jobs,
    mitra_documents,
    tickets_sla,
)
from sunshine.schedules import Daily, Every

ALL = DATABASES
FLEET = ("fleet",)
HOURLY = Every(60)

# fmt: off
JOBS = (
    Job("cleanup", "Delete ended tokens, stored answers, old runs, contents without a document",
        HOURLY, cleanup.sweep, ALL, mitra_documents.sweep),
    Job("leave-auto-rejection", "Reject leave that nobody decided in time",
        Daily(time(0, 5)), leave_jobs.auto_reject),
    Job("leave-allocation", "Give everybody the year's leave",
        Daily(time(0, 10)), leave_jobs.allocate),
    Job("leave-expiry", "Let leave lapse that was carried over",
        Daily(time(0, 15)), leave_jobs.expire),
    Job("attendance-auto-check-out", "Check out who forgot to",
        Every(15), attendance_jobs.check_out_forgotten),
    Job("attendance-absences", "Write absences and holidays of days that are over",
        Daily(time(0, 30)), attendance_jobs.close_days),
    Job("tickets-sla", "Tell of tickets that are over their time",
        Every(1), tickets_sla.report_breaches),
    Job("asset-reminders", "Remind of warranties about to end",
        Daily(time(6, 0)), asset_reminders.remind_of_warranties),
    Job("fleet-reminders", "Remind of licences, registrations and insurances about to end",
        Daily(time(6, 5)), fleet_reminders.remind_of_expiries, FLEET),
    Job("room-no-shows", "Give rooms free that nobody came to", Every(5),
        meeting_room_jobs.release_no_shows),
)
# fmt: on
