"""The monthly report: of a month that is all there is, and of the same one among sixty."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date

import psycopg

from benchmarks.cluster import Cluster
from benchmarks.compare import Tell
from benchmarks.load import measure
from benchmarks.scale import Cost, Costs
from benchmarks.scenarios import Scenario
from benchmarks.servers import serving

EMPLOYEES = 1000
ONE, SIXTY = 1, 60
LAST = date(2024, 5, 31)
MONTH = Scenario("report", "GET", f"/api/attendance/report?month={LAST.month}&year={LAST.year}")
# What a lone client waits, in seconds; and the sixty's over the one's.
AT_MOST = 1.0
GROWTH = 1.5

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


CONSTRAINT = """
SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint
WHERE conrelid = 'attendance'::regclass AND contype = 'x'
"""
INDEXES = """
SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index
WHERE indrelid = 'attendance'::regclass AND NOT indisprimary
"""


def months(cluster: Cluster, *, rounds: int, seconds: int, tell: Tell) -> Costs:
    """Measure the same month in both tables in turn."""
    for number in (ONE, SIXTY):
        tell(f"filling months of {EMPLOYEES:,} employees: {number}")
        _fill(cluster, number)
    costs: Costs = {"sunshine": {rows: [] for rows in (ONE, SIXTY)}}
    for number in range(rounds):
        for rows, found in costs["sunshine"].items():
            cost = _report(cluster, _name(rows), seconds)
            found.append(cost)
            tell(f"round {number + 1}/{rounds}  {rows} months: {cost.latency / 1000:.0f} ms")
    return costs


def _report(cluster: Cluster, database: str, seconds: int) -> Cost:
    postmaster = cluster.postmaster()
    with serving("sunshine", cluster, database) as server:
        alone = measure(server, MONTH, seconds, postmaster, connections=1)
    return Cost(alone.cpu, alone.database_cpu, alone.latency)


def _name(number: int) -> str:
    return f"months_{number}"


def _fill(cluster: Cluster, number: int) -> None:
    cluster.make(EMPLOYEES, _name(number))
    before = LAST.year * 12 + LAST.month - number
    span = {"first": date(before // 12, before % 12 + 1, 1), "last": LAST}
    with cluster.connect(_name(number)) as connection:
        connection.execute(PEOPLE)
        with _without_indexes(connection):
            connection.execute(ATTENDANCE, span)
        for statement in AWAY.split(";")[:-1]:
            connection.execute(statement, span)
        connection.execute("VACUUM ANALYZE")


@contextmanager
def _without_indexes(connection: psycopg.Connection) -> Iterator[None]:
    """They are made afterwards, which takes a tenth of the time."""
    connection.execute("SET maintenance_work_mem = '1GB'")
    constraints = connection.execute(CONSTRAINT).fetchall()
    for name, _ in constraints:
        connection.execute(f"ALTER TABLE attendance DROP CONSTRAINT {name}")
    indexes = connection.execute(INDEXES).fetchall()
    for name, _ in indexes:
        connection.execute(f"DROP INDEX {name}")
    yield
    for _, definition in indexes:
        connection.execute(definition)
    for name, definition in constraints:
        connection.execute(f"ALTER TABLE attendance ADD CONSTRAINT {name} {definition}")
