"""One PostgreSQL for all servers: started, migrated and filled; swept between measurements."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg

from benchmarks.filling import without_indexes
from benchmarks.processes import BenchmarkError, stat
from benchmarks.scenarios import STATIC_FILE
from sunshine.core import environment
from sunshine.database import embedded, startup
from sunshine.database.migrations import MigrationError
from sunshine.operations import logs

# What would otherwise run when it likes, in the middle of somebody's measurement.
OPTIONS = {"autovacuum": "off", "max_wal_size": "4GB", "checkpoint_timeout": "1h"}

ADMIN = 1
FILL = """
INSERT INTO department (name) SELECT 'Department ' || i FROM generate_series(1, 20) AS i;
INSERT INTO position (name) SELECT 'Position ' || i FROM generate_series(1, 50) AS i;
INSERT INTO department (name) VALUES ('IT');
INSERT INTO position (name) VALUES ('Developer');
INSERT INTO users (id, username, name, role, password_hash)
VALUES (1, 'benchmark', 'Benchmark', 'admin', '');
"""
EMPLOYEES = """
INSERT INTO employee (
    name, email, employee_code, phone, position_id, department_id, manager_id, join_date,
    created_at, updated_at
)
SELECT
    'Employee ' || i, 'employee.' || i || '@example.com', 'E' || i, '+62' || 8000000000 + i,
    1 + i %% 50, 1 + i %% 20, CASE WHEN i > 100 THEN 1 + i %% 100 END,
    date '2015-01-01' + i %% 3000,
    timestamptz '2024-01-01 00:00+00' + i * interval '1 second',
    timestamptz '2024-01-01 00:00+00' + i * interval '1 second'
FROM generate_series(1, %(rows)s::integer) AS i
"""
# What a check-in asks for: who works when, and where.
WORK = """
INSERT INTO shift (name, start_time, end_time, grace_minutes, break_minutes)
VALUES ('Office', '09:00', '17:00', 10, 60);
INSERT INTO location (name, latitude, longitude, radius_meters)
SELECT 'Office ' || i, -6.2088 + i * 0.01, 106.8456, 1500 FROM generate_series(0, 2) AS i;
INSERT INTO employee_shift (employee_id, shift_id, valid_from)
SELECT id, 1, '2015-01-01' FROM employee;
INSERT INTO placement (employee_id, location_id, valid_from)
SELECT id, 1 + id % 3, '2015-01-01' FROM employee
"""
# What a booking asks for: rooms, and somebody who books them.
ROOMS = """
INSERT INTO meeting_room (name, capacity, floor, facilities, opens_at, closes_at)
SELECT 'Room ' || i, 4 + i % 9, 1 + i % 5, '{projector,whiteboard}', '08:00', '18:00'
FROM generate_series(1, 100) AS i;
UPDATE users SET employee_id = 1 WHERE id = 1
"""
# A published post after the other, each of some 1,500 characters, and a draft now and then.
POSTS = """
INSERT INTO blog (
    title, slug, content, excerpt, featured_image, categories, tags, status, published_at,
    author_id, author_name, created_at, updated_at
)
SELECT
    'Post number ' || i, 'post-' || i,
    '<p>' || repeat('Words of post number ' || i || ' that tell what is new. ', 28) || '</p>',
    'What post ' || i || ' is about', '/api/static/cms/blog/' || i || '.png',
    ARRAY['company-news', 'updates'], ARRAY['2024', 'announcement'],
    CASE WHEN i % 10 > 0 THEN 'published' ELSE 'draft' END,
    CASE WHEN i % 10 > 0 THEN at END, 1 + i % 100, 'Employee ' || (1 + i % 100), at, at
FROM (
    SELECT i, timestamptz '2024-01-01 00:00+00' + i * interval '1 hour' AS at
    FROM generate_series(1, 10000) AS i
) AS posts
"""
FLEET = "fleet_db"
DRIVERS = 1000
ROAD = """
INSERT INTO driver (name, license_number, vehicle_type)
SELECT 'Driver ' || i, 'DL' || i, 'truck' FROM generate_series(1, %(drivers)s::integer) AS i
"""


@dataclass(frozen=True)
class Cluster:
    """The running server, and the folder that everything of this run lives in."""

    host: str
    port: int
    user: str
    home: Path

    def env(self, database: str = "sunshine_db") -> dict[str, str]:
        """How our server and the peers are told where their tables are."""
        names = {"SUNSHINE": database, "FLEET": FLEET}
        told = {
            "HOST": self.host,
            "PORT": str(self.port),
            "USER": self.user,
            # As in the original's template.
            "MIN_POOL": "5",
            "MAX_POOL": "20",
        }
        return {
            f"PG_{name}_{what}": value
            for name, where in names.items()
            for what, value in (told | {"DB": where}).items()
        }

    def connect(self, database: str = "sunshine_db") -> psycopg.Connection:
        """A connection in autocommit."""
        return psycopg.connect(
            host=self.host, port=self.port, user=self.user, dbname=database, autocommit=True
        )

    def postmaster(self) -> int:
        """The process id of the server, as its children name it."""
        with self.connect() as connection:
            found = stat(connection.info.backend_pid)
        if found is None:
            raise BenchmarkError("PostgreSQL went away")
        return found.parent

    def version(self) -> str:
        """Such as 18.1."""
        with self.connect() as connection:
            major, minor = divmod(connection.info.server_version, 10_000)
            return f"{major}.{minor}"

    def make(self, employees: int, database: str = "sunshine_db") -> None:
        """Make the four databases as our server does at its start, and fill one of them."""
        try:
            told = environment.load(self.env(database) | {"LOG_LEVEL": "warning"}, self.home)
            logs.configure(told)
            startup.prepare(told)
        except MigrationError as error:
            raise BenchmarkError(str(error)) from error
        with self.connect(database) as connection:
            connection.execute(FILL)
            with without_indexes(connection, "employee"):
                connection.execute(EMPLOYEES, {"rows": employees})
            connection.execute("VACUUM ANALYZE")

    def put_to_work(self, database: str = "sunshine_db") -> None:
        """Give every employee a shift and a place, the company its rooms, the fleet its drivers,
        and the servers a file of 5 MiB."""
        file = self.home / "files" / "static" / STATIC_FILE
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(os.urandom(5 * 2**20))
        with self.connect(database) as connection:
            connection.execute(WORK)
            connection.execute(ROOMS)
            connection.execute("VACUUM ANALYZE")
        with self.connect(FLEET) as connection:
            connection.execute(ROAD, {"drivers": DRIVERS})
            connection.execute("VACUUM ANALYZE")

    def publish(self) -> None:
        """Fill the blog."""
        with self.connect("cms_db") as connection:
            connection.execute(POSTS)
            connection.execute("VACUUM ANALYZE")

    def sweep(self, employees: int, database: str = "sunshine_db") -> None:
        """Remove what was created, so that the next server finds the tables as this one did."""
        with self.connect(database) as connection:
            connection.execute("TRUNCATE event, attendance")
            connection.execute("TRUNCATE meeting_room_booking")
            connection.execute("DELETE FROM employee WHERE id > %s", [employees])
            connection.execute("VACUUM ANALYZE employee, event, attendance")
            connection.execute("VACUUM ANALYZE meeting_room_booking")
        with self.connect(FLEET) as connection:
            connection.execute("TRUNCATE event, driver_location, driver_position")
            connection.execute("VACUUM ANALYZE event, driver_location, driver_position")

    def events(self, database: str = "sunshine_db") -> int:
        """How many events are recorded."""
        with self.connect(database) as connection:
            row = connection.execute("SELECT count(*) FROM event").fetchone()
            return int(row[0]) if row else 0


@contextmanager
def started() -> Iterator[Cluster]:
    """A cluster in a temporary folder, stopped and removed with the block."""
    with tempfile.TemporaryDirectory(prefix="sunshine-benchmark-") as folder:
        home = Path(folder)
        home.chmod(0o711)  # run by root, PostgreSQL is another user
        try:
            server = embedded.start(home / "postgres", options=OPTIONS)
        except embedded.PostgresError as error:
            raise BenchmarkError(str(error)) from error
        try:
            yield Cluster(server.host, server.port, server.user, home)
        finally:
            server.stop()
