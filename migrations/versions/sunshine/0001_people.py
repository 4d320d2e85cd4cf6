"""People at work, who may sign in, and the kernel's events and stored answers."""

from alembic import op

revision = "0001"
down_revision = None

EXTENSIONS = """
CREATE EXTENSION IF NOT EXISTS btree_gist;
CREATE EXTENSION IF NOT EXISTS pg_trgm;
"""

KERNEL = """
CREATE TABLE event (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    at timestamptz NOT NULL,
    type text NOT NULL,
    entity text NOT NULL,
    entity_id integer,
    actor_type text NOT NULL,
    actor_id integer,
    actor_name text NOT NULL,
    request_id text,
    before jsonb,
    after jsonb
);
CREATE INDEX event_cursor_idx ON event (xid, id);
CREATE INDEX event_entity_idx ON event (entity, entity_id, xid, id);

CREATE TABLE idempotency_key (
    principal text NOT NULL,
    key text NOT NULL,
    request_hash text NOT NULL,
    status integer NOT NULL,
    answer text NOT NULL,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (principal, key)
);
CREATE INDEX idempotency_key_created_at_idx ON idempotency_key (created_at);
"""

PLACES = """
CREATE TABLE department (
    id serial PRIMARY KEY,
    name text NOT NULL,
    description text,
    active boolean NOT NULL DEFAULT true,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    deleted_at timestamptz
);
CREATE UNIQUE INDEX department_name_key ON department (lower(name)) WHERE deleted_at IS NULL;

CREATE TABLE position (
    id serial PRIMARY KEY,
    name text NOT NULL,
    department_id integer REFERENCES department (id),
    level integer,
    active boolean NOT NULL DEFAULT true,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    deleted_at timestamptz
);
CREATE UNIQUE INDEX position_name_key ON position (lower(name)) WHERE deleted_at IS NULL;
CREATE INDEX position_department_id_idx ON position (department_id);

CREATE TABLE location (
    id serial PRIMARY KEY,
    name text NOT NULL,
    latitude double precision NOT NULL CHECK (latitude BETWEEN -90 AND 90),
    longitude double precision NOT NULL CHECK (longitude BETWEEN -180 AND 180),
    radius_meters integer NOT NULL CHECK (radius_meters > 0),
    address text,
    timezone text,
    active boolean NOT NULL DEFAULT true,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    deleted_at timestamptz
);
CREATE UNIQUE INDEX location_name_key ON location (lower(name)) WHERE deleted_at IS NULL;
"""

EMPLOYEES = """
CREATE TABLE employee (
    id serial PRIMARY KEY,
    name text NOT NULL,
    email text,
    employee_code text,
    phone text,
    position_id integer REFERENCES position (id),
    department_id integer REFERENCES department (id),
    manager_id integer REFERENCES employee (id),
    join_date date,
    status text NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'inactive')),
    photo text,
    timezone text,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    deleted_at timestamptz,
    directory_text text GENERATED ALWAYS AS (
        lower(name || chr(10) || coalesce(email, ''))
    ) STORED,
    search_text text GENERATED ALWAYS AS (
        lower(name || chr(10) || coalesce(email, '') || chr(10)
            || coalesce(employee_code, '') || chr(10) || coalesce(phone, ''))
    ) STORED,
    CONSTRAINT employee_own_manager_check CHECK (manager_id <> id)
);
CREATE INDEX employee_position_id_idx ON employee (position_id);
CREATE INDEX employee_department_id_idx ON employee (department_id);
CREATE INDEX employee_manager_id_idx ON employee (manager_id);
CREATE INDEX employee_directory_text_idx ON employee USING gin (directory_text gin_trgm_ops);
CREATE INDEX employee_search_text_idx ON employee USING gin (search_text gin_trgm_ops);
CREATE UNIQUE INDEX employee_email_key ON employee (lower(email)) WHERE deleted_at IS NULL;
CREATE UNIQUE INDEX employee_employee_code_key
    ON employee (lower(employee_code)) WHERE deleted_at IS NULL;
CREATE INDEX employee_living_idx ON employee (id) WHERE deleted_at IS NULL;
CREATE INDEX employee_name_sort_idx ON employee (name, id) WHERE deleted_at IS NULL;
CREATE INDEX employee_email_sort_idx ON employee (email, id) WHERE deleted_at IS NULL;
CREATE INDEX employee_employee_code_sort_idx
    ON employee (employee_code, id) WHERE deleted_at IS NULL;
CREATE INDEX employee_join_date_sort_idx ON employee (join_date, id) WHERE deleted_at IS NULL;
"""

PERIODS = """
CREATE TABLE shift (
    id serial PRIMARY KEY,
    name text NOT NULL,
    start_time time NOT NULL,
    end_time time NOT NULL,
    grace_minutes integer NOT NULL DEFAULT 0,
    break_minutes integer NOT NULL DEFAULT 0,
    work_days smallint[] NOT NULL DEFAULT '{1,2,3,4,5}'
        CHECK (work_days <@ '{1,2,3,4,5,6,7}' AND work_days <> '{}'),
    timezone text,
    check_in_before_minutes integer NOT NULL DEFAULT 60,
    check_out_after_minutes integer NOT NULL DEFAULT 60,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    deleted_at timestamptz
);
CREATE UNIQUE INDEX shift_name_key ON shift (lower(name)) WHERE deleted_at IS NULL;
COMMENT ON COLUMN shift.work_days IS 'ISO weekdays: 1 Monday .. 7 Sunday';

CREATE TABLE employee_shift (
    id serial PRIMARY KEY,
    employee_id integer NOT NULL REFERENCES employee (id),
    shift_id integer NOT NULL REFERENCES shift (id),
    valid_from date NOT NULL,
    valid_to date,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    deleted_at timestamptz,
    CONSTRAINT employee_shift_period_check CHECK (valid_to >= valid_from),
    CONSTRAINT employee_shift_overlap EXCLUDE USING gist (
        employee_id WITH =,
        daterange(valid_from, valid_to, '[]') WITH &&
    ) WHERE (deleted_at IS NULL)
);
CREATE INDEX employee_shift_shift_id_idx ON employee_shift (shift_id);
COMMENT ON COLUMN employee_shift.valid_to IS 'last day; null for open-ended';

CREATE TABLE placement (
    id serial PRIMARY KEY,
    employee_id integer NOT NULL REFERENCES employee (id),
    location_id integer NOT NULL REFERENCES location (id),
    valid_from date NOT NULL,
    valid_to date,
    notes text,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    deleted_at timestamptz,
    CONSTRAINT placement_period_check CHECK (valid_to >= valid_from),
    CONSTRAINT placement_overlap EXCLUDE USING gist (
        employee_id WITH =,
        location_id WITH =,
        daterange(valid_from, valid_to, '[]') WITH &&
    ) WHERE (deleted_at IS NULL)
);
CREATE INDEX placement_location_id_idx ON placement (location_id);
COMMENT ON COLUMN placement.valid_to IS 'last day; null for open-ended';
"""

USERS = """
CREATE TABLE users (
    id serial PRIMARY KEY,
    username text NOT NULL,
    name text NOT NULL,
    email text,
    role text NOT NULL CHECK (role IN ('admin', 'hr', 'manager', 'employee')),
    employee_id integer REFERENCES employee (id),
    active boolean NOT NULL DEFAULT true,
    password_hash text NOT NULL,
    token_version integer NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX users_username_key ON users (lower(username));
CREATE UNIQUE INDEX users_email_key ON users (lower(email));
CREATE UNIQUE INDEX users_employee_id_key ON users (employee_id);

CREATE TABLE user_permissions (
    user_id integer NOT NULL REFERENCES users (id),
    permission text NOT NULL,
    PRIMARY KEY (user_id, permission)
);

CREATE TABLE revoked_token (
    jti text PRIMARY KEY,
    expires_at timestamptz NOT NULL
);
CREATE INDEX revoked_token_expires_at_idx ON revoked_token (expires_at);
"""


def upgrade() -> None:
    for tables in (EXTENSIONS, KERNEL, PLACES, EMPLOYEES, PERIODS, USERS):
        op.execute(tables)


def downgrade() -> None:
    op.execute("DROP TABLE revoked_token, user_permissions, users")
    op.execute("DROP TABLE placement, employee_shift, shift, employee")
    op.execute("DROP TABLE location, position, department")
    op.execute("DROP TABLE idempotency_key, event")
