"""Attendance: check-in and check-out, records, locations, the monthly report. Rules:
sunshine/modules/attendance."""

from handlers.attendance import check_in, records, report

routes = [
    *records.routes,
    *check_in.routes,
    *report.routes,
]
