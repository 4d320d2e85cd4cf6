"""Attendance: who was at work when, and what their day amounts to. Guide: docs/attendance.md.

check_in.py                   arriving at work
check_out.py                  leaving work
claims.py                     what a check-in or check-out says of person, time and place
geofence.py                   the allowed location nearest to a position
locations.py                  where people may check in
records.py                    reading attendance
corrections.py                correcting a record
workday.py                    which day a check-in belongs to
time_rules.py                 lateness, overtime, breaks: arithmetic without a database
assessment.py                 applying the time rules to stored rows
work_calendar.py              which days people work
absences.py                   absences, leave and holidays as records
report.py                     a month in figures
jobs.py                       closing days, forgotten check-outs
rows.py                       the rows that statements return
schemas.py                    payloads
attendance_report_schemas.py  payloads of the report
"""
