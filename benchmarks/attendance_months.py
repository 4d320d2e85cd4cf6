"""Months of attendance for `run.py report`: who works when, was there, was away."""

from datetime import date

from benchmarks.cluster import Cluster
from benchmarks.filling import without_indexes
from benchmarks.months import LAST, Months, first_of

EMPLOYEES = 1000

# Half of the company works a shift, a tenth by night; everybody is placed.
PEOPLE = """
UPDATE employee SET join_date = '2015-01-01', timezone = 'Asia/Jakarta';
INSERT INTO shift (id, name, start_time, end_time, timezone, work_days) VALUES
    (1, 'Office', '09:00', '17:00', 'Asia/Jakarta', '{1,2,3,4,5}'),
    (2, 'Night', '22:00', '06:00', NULL, '{1,2,3,4,5,6}');
INSERT INTO location (id, name, latitude, longitude, radius_meters, timezone)
VALUES (1, 'Head Office', -6.2, 106.8, 100, 'Asia/Jakarta');
INSERT INTO employee_shift (employee_id, shift_id, valid_from)
SELECT id, CASE WHEN id % 10 = 0 THEN 2 ELSE 1 END, '2015-01-01' FROM employee WHERE id % 2 = 0;
INSERT INTO placement (employee_id, location_id, valid_from)
SELECT id, 1, '2015-01-01' FROM employee;
"""
# In the order that a company records it: day by day.
ATTENDANCE = """
INSERT INTO attendance (
    employee_id, work_date, status, late, worked_minutes, overtime_minutes,
    check_in_at, check_in_recorded_at, check_out_at, check_out_recorded_at
)
SELECT
    e.id, d, CASE WHEN is_there THEN 'present' ELSE 'absent' END, is_there AND e.id %% 7 = 0,
    CASE WHEN is_there THEN 480 END, CASE WHEN is_there THEN e.id %% 60 END,
    CASE WHEN is_there THEN d + interval '2 hours' END,
    CASE WHEN is_there THEN d + interval '2 hours' END,
    CASE WHEN is_there THEN d + interval '10 hours' END,
    CASE WHEN is_there THEN d + interval '10 hours' END
FROM generate_series(%(first)s::date::timestamp, %(last)s::date::timestamp, interval '1 day') d,
    employee e, LATERAL (SELECT (e.id + extract(doy FROM d)::int) %% 20 > 0 AS is_there) AS c
WHERE extract(isodow FROM d) < 6
ORDER BY d, e.id;
"""
AWAY = """
INSERT INTO holiday (date, name, kind, deducts_annual)
SELECT d, 'Holiday', 'public', false
FROM generate_series(%(first)s::date::timestamp, %(last)s::date::timestamp, interval '1 month') d;
INSERT INTO leave (employee_id, leave_type, start_date, end_date, status, deadline)
SELECT e.id, 'annual', d + e.id %% 25, d + e.id %% 25 + 1, 'approved', d
FROM generate_series(%(first)s::date::timestamp, %(last)s::date::timestamp, interval '1 month') s,
    employee e, LATERAL (SELECT s::date AS d) AS c WHERE e.id %% 5 = 0;
INSERT INTO leave_day (leave_id, day)
SELECT id, day FROM leave, generate_series(start_date::timestamp, end_date, interval '1 day') day;
INSERT INTO permit (employee_id, date, start_time, end_time, type, status)
SELECT e.id, d + e.id %% 25, '10:00', '12:00',
    CASE WHEN e.id %% 2 = 0 THEN 'official' ELSE 'sick' END, 'approved'
FROM generate_series(%(first)s::date::timestamp, %(last)s::date::timestamp, interval '1 month') s,
    employee e, LATERAL (SELECT s::date AS d) AS c WHERE e.id %% 3 = 0;
"""


def fill(cluster: Cluster, database: str, number: int, part: float) -> None:
    """So many months of a thousand employees, or of that part of them."""
    cluster.make(int(EMPLOYEES * part), database)
    span: dict[str, date] = {"first": first_of(number), "last": LAST}
    with cluster.connect(database) as connection:
        connection.execute(PEOPLE)
        with without_indexes(connection, "attendance"):
            connection.execute(ATTENDANCE, span)
        for statement in AWAY.split(";")[:-1]:
            connection.execute(statement, span)
        connection.execute("VACUUM ANALYZE")


ATTENDANCE_MONTHS = Months(
    path=f"/api/attendance/report?month={LAST.month}&year={LAST.year}", many=60, fill=fill
)
