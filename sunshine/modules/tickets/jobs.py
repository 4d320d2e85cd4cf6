"""The job that reports missed targets of tickets. Rules: sla.py."""

from sunshine.jobs.runner import Job
from sunshine.jobs.schedules import Every
from sunshine.modules.tickets import sla

JOBS = (
    Job("tickets-sla", "Report tickets that have missed a target", Every(1), sla.report_breaches),
)
