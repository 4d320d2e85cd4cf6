"""Who was there when, and what their day amounts to. Guide: docs/attendance.md.

check_in.py                   coming to work
check_out.py                  leaving it
claims.py                     what somebody who checks in or out says of time and place
geofence.py                   the allowed location nearest to it
locations.py                  where people may check in
records.py                    attendance as it is read
corrections.py                attendance put right by hand
workday.py                    which day a check-in belongs to
time_rules.py                 lateness, overtime, breaks: arithmetic without a database
assessment.py                 what stored rows amount to by these rules
work_calendar.py              which days people work
absences.py                   days that nobody recorded
report.py                     a month in figures
jobs.py                       days closed, forgotten check-outs
schemas.py                    payloads
attendance_report_schemas.py  those of the report
"""
