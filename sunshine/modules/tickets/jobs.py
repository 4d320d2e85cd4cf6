"""Tickets over their time are told. How that is found out: sla.py."""

from sunshine.jobs.runner import Job
from sunshine.jobs.schedules import Every
from sunshine.modules.tickets import sla

JOBS = (
    Job("tickets-sla", "Tell of tickets that are over their time", Every(1), sla.report_breaches),
)
