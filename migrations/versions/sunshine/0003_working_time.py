"""Leave with its ledger and holidays, permits, attendance."""

from alembic import op

revision = "0003"
down_revision = "0002"

LEAVE = """
CREATE TABLE holiday (
    id serial PRIMARY KEY,
    date date NOT NULL,
    name text NOT NULL,
    kind text NOT NULL CHECK (kind IN ('public', 'collective')),
    deducts_annual boolean NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    deleted_at timestamptz,
    CONSTRAINT holiday_deducts_annual_check CHECK (kind = 'collective' OR NOT deducts_annual)
);
CREATE UNIQUE INDEX holiday_date_key ON holiday (date) WHERE deleted_at IS NULL;

CREATE TABLE leave (
    id serial PRIMARY KEY,
    employee_id integer NOT NULL REFERENCES employee (id),
    leave_type text NOT NULL CHECK (leave_type IN ('annual', 'special', 'collective')),
    start_date date NOT NULL,
    end_date date NOT NULL,
    half_day text,
    reason text,
    documents text[] NOT NULL DEFAULT '{}',
    status text NOT NULL DEFAULT 'pending'
        CHECK (status IN ('pending', 'approved', 'rejected', 'cancelled')),
    deadline date NOT NULL,
    decided_by_id integer REFERENCES users (id),
    decided_by text,
    decided_at timestamptz,
    notes text,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    span tsrange GENERATED ALWAYS AS (
        tsrange(start_date + CASE WHEN half_day = 'pm' THEN interval '12 hours'
            ELSE interval '0' END,
            end_date + CASE WHEN half_day = 'am' THEN interval '12 hours'
            ELSE interval '24 hours' END)
    ) STORED,
    CONSTRAINT leave_dates_check CHECK (end_date >= start_date),
    CONSTRAINT leave_half_day_check CHECK (
        half_day IN ('am', 'pm') AND start_date = end_date OR half_day IS NULL
    ),
    CONSTRAINT leave_overlap EXCLUDE USING gist (
        employee_id WITH =,
        span WITH &&
    ) WHERE (status IN ('pending', 'approved'))
);
CREATE INDEX leave_employee_id_idx ON leave (employee_id, start_date);
CREATE INDEX leave_start_date_idx ON leave (start_date, id);
CREATE INDEX leave_pending_idx ON leave (deadline) WHERE status = 'pending';
COMMENT ON COLUMN leave.deadline IS 'last day for a decision';
COMMENT ON COLUMN leave.decided_by_id IS 'null for the system';

CREATE TABLE leave_day (
    leave_id integer NOT NULL REFERENCES leave (id),
    day date NOT NULL,
    portion numeric(2, 1) NOT NULL DEFAULT 1 CHECK (portion IN (0.5, 1)),
    PRIMARY KEY (leave_id, day)
);
CREATE INDEX leave_day_day_idx ON leave_day (day);
COMMENT ON TABLE leave_day IS 'The working days that a request takes.';

CREATE TABLE leave_entry (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    employee_id integer NOT NULL REFERENCES employee (id),
    leave_type text NOT NULL CHECK (leave_type IN ('annual', 'special')),
    year smallint NOT NULL,
    kind text NOT NULL
        CHECK (kind IN ('allocation', 'carry_forward', 'taken', 'expiry', 'adjustment')),
    days numeric(5, 1) NOT NULL,
    leave_id integer REFERENCES leave (id),
    holiday_id integer REFERENCES holiday (id),
    notes text,
    created_at timestamptz NOT NULL
);
CREATE UNIQUE INDEX leave_entry_allocation_key
    ON leave_entry (employee_id, year, leave_type) WHERE kind = 'allocation';
CREATE UNIQUE INDEX leave_entry_carry_forward_key
    ON leave_entry (employee_id, year) WHERE kind = 'carry_forward' AND days > 0;
CREATE INDEX leave_entry_balance_idx ON leave_entry (employee_id, year, leave_type);
CREATE INDEX leave_entry_holiday_id_idx ON leave_entry (holiday_id);
CREATE INDEX leave_entry_leave_id_idx ON leave_entry (leave_id);
COMMENT ON TABLE leave_entry IS 'The ledger of balances; rows are added, never changed.';
"""

PERMIT = """
CREATE TABLE permit (
    id serial PRIMARY KEY,
    employee_id integer NOT NULL REFERENCES employee (id),
    date date NOT NULL,
    start_time time NOT NULL,
    end_time time NOT NULL,
    type text NOT NULL CHECK (type IN ('sick', 'personal', 'official')),
    reason text,
    status text NOT NULL DEFAULT 'pending'
        CHECK (status IN ('pending', 'approved', 'rejected', 'cancelled')),
    decided_by_id integer REFERENCES users (id),
    decided_by text,
    decided_at timestamptz,
    notes text,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    span tsrange GENERATED ALWAYS AS (tsrange(date + start_time, date + end_time)) STORED,
    CONSTRAINT permit_times_check CHECK (end_time > start_time),
    CONSTRAINT permit_length_check CHECK (end_time - start_time <= interval '8 hours'),
    CONSTRAINT permit_overlap EXCLUDE USING gist (
        employee_id WITH =,
        span WITH &&
    ) WHERE (status IN ('pending', 'approved'))
);
CREATE INDEX permit_employee_id_idx ON permit (employee_id, date);
CREATE INDEX permit_date_idx ON permit (date);
CREATE INDEX permit_pending_idx ON permit (date) WHERE status = 'pending';
COMMENT ON COLUMN permit.decided_by_id IS 'null for the system';
"""

ATTENDANCE = """
CREATE TABLE attendance (
    id serial PRIMARY KEY,
    employee_id integer NOT NULL REFERENCES employee (id),
    work_date date NOT NULL,
    status text NOT NULL CHECK (status IN ('present', 'absent', 'on_leave', 'holiday')),
    shift_id integer REFERENCES shift (id),
    leave_id integer REFERENCES leave (id),
    late boolean NOT NULL DEFAULT false,
    early_leave boolean NOT NULL DEFAULT false,
    worked_minutes integer,
    overtime_minutes integer,
    check_in_at timestamptz,
    check_in_recorded_at timestamptz,
    check_in_latitude double precision,
    check_in_longitude double precision,
    check_in_location_id integer REFERENCES location (id),
    check_in_distance double precision,
    within_geofence boolean,
    check_in_photo text,
    check_out_at timestamptz,
    check_out_recorded_at timestamptz,
    check_out_latitude double precision,
    check_out_longitude double precision,
    check_out_photo text,
    auto_check_out boolean NOT NULL DEFAULT false,
    review boolean NOT NULL DEFAULT false,
    review_reasons text[] NOT NULL DEFAULT '{}',
    notes text,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT attendance_present_check CHECK ((status = 'present') = (check_in_at IS NOT NULL)),
    CONSTRAINT attendance_on_leave_check CHECK ((status = 'on_leave') = (leave_id IS NOT NULL)),
    CONSTRAINT attendance_times_check CHECK (check_out_at >= check_in_at),
    CONSTRAINT attendance_overlap EXCLUDE USING gist (
        employee_id WITH =,
        tstzrange(check_in_at, coalesce(check_out_at, check_in_at),
            CASE WHEN check_out_at IS NULL THEN '[]' ELSE '[)' END) WITH &&
    ) WHERE (check_in_at IS NOT NULL)
);
CREATE UNIQUE INDEX attendance_open_key
    ON attendance (employee_id) WHERE check_in_at IS NOT NULL AND check_out_at IS NULL;
CREATE UNIQUE INDEX attendance_day_key
    ON attendance (employee_id, work_date) WHERE status IN ('absent', 'holiday');
CREATE UNIQUE INDEX attendance_leave_key
    ON attendance (leave_id, work_date) WHERE leave_id IS NOT NULL;
CREATE INDEX attendance_employee_id_idx ON attendance (employee_id, work_date);
CREATE INDEX attendance_work_date_idx ON attendance (work_date, employee_id);
COMMENT ON COLUMN attendance.check_in_at IS 'as claimed';
COMMENT ON COLUMN attendance.check_in_recorded_at IS 'as the server saw it';
COMMENT ON COLUMN attendance.check_in_location_id IS 'the nearest';
COMMENT ON COLUMN attendance.check_in_distance IS 'metres to it';

CREATE TABLE attendance_closed (
    day date PRIMARY KEY,
    closed_at timestamptz NOT NULL
);
COMMENT ON TABLE attendance_closed IS
    'The days whose absences and holidays are written (sunshine/rules/attendance_jobs.py).';
-- Whoever is employed already could not check in before today.
INSERT INTO attendance_closed
SELECT current_date - 1, now() WHERE EXISTS (SELECT FROM employee);
"""


def upgrade() -> None:
    for tables in (LEAVE, PERMIT, ATTENDANCE):
        op.execute(tables)


def downgrade() -> None:
    op.execute(
        "DROP TABLE attendance_closed, attendance, permit, leave_entry, leave_day, leave, holiday"
    )
