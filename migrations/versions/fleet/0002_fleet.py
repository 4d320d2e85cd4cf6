"""Drivers, vehicles, who drives what, and where."""

from alembic import op

revision = "0002"
down_revision = "0001"

FLEET = """
CREATE TABLE driver (
    id serial PRIMARY KEY,
    name text NOT NULL,
    license_number text NOT NULL,
    phone text,
    vehicle_type text CHECK (vehicle_type IN ('truck', 'van', 'motorcycle')),
    license_expiry date,
    license_told date,
    status text NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'inactive', 'suspended')),
    employee_id integer,
    username text,
    password_hash text,
    token_version integer NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    deleted_at timestamptz
);
CREATE UNIQUE INDEX driver_license_number_key
    ON driver (lower(license_number)) WHERE deleted_at IS NULL;
CREATE UNIQUE INDEX driver_username_key ON driver (lower(username)) WHERE deleted_at IS NULL;
COMMENT ON COLUMN driver.license_told IS 'the licence''s end that was reminded of';
COMMENT ON COLUMN driver.employee_id IS 'in the sunshine database, checked by the application';
COMMENT ON COLUMN driver.username IS 'null until credentials are given';

CREATE TABLE vehicle (
    id serial PRIMARY KEY,
    plate_number text NOT NULL,
    type text NOT NULL CHECK (type IN ('truck', 'van', 'motorcycle')),
    brand text,
    model text,
    year smallint,
    status text NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'inactive', 'maintenance')),
    registration_expiry date,
    registration_told date,
    insurance_expiry date,
    insurance_told date,
    odometer integer CHECK (odometer >= 0),
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    deleted_at timestamptz
);
CREATE UNIQUE INDEX vehicle_plate_number_key
    ON vehicle (lower(plate_number)) WHERE deleted_at IS NULL;
COMMENT ON COLUMN vehicle.registration_told IS 'the registration''s end that was reminded of';
COMMENT ON COLUMN vehicle.insurance_told IS 'the insurance''s end that was reminded of';
COMMENT ON COLUMN vehicle.odometer IS 'km';

CREATE TABLE vehicle_driver (
    id serial PRIMARY KEY,
    vehicle_id integer NOT NULL REFERENCES vehicle (id),
    driver_id integer NOT NULL REFERENCES driver (id),
    since timestamptz NOT NULL,
    until timestamptz
);
CREATE INDEX vehicle_driver_vehicle_id_idx ON vehicle_driver (vehicle_id);
CREATE INDEX vehicle_driver_driver_id_idx ON vehicle_driver (driver_id);
CREATE UNIQUE INDEX vehicle_driver_vehicle_id_key
    ON vehicle_driver (vehicle_id) WHERE until IS NULL;
CREATE UNIQUE INDEX vehicle_driver_driver_id_key ON vehicle_driver (driver_id) WHERE until IS NULL;
COMMENT ON TABLE vehicle_driver IS 'Who drives what; rows are closed, never removed.';
COMMENT ON COLUMN vehicle_driver.until IS 'null while it lasts';

CREATE TABLE driver_location (
    driver_id integer NOT NULL REFERENCES driver (id),
    at timestamptz NOT NULL,
    latitude double precision NOT NULL CHECK (latitude BETWEEN -90 AND 90),
    longitude double precision NOT NULL CHECK (longitude BETWEEN -180 AND 180),
    flagged boolean NOT NULL,
    recorded_at timestamptz NOT NULL,
    PRIMARY KEY (driver_id, at)
);
COMMENT ON COLUMN driver_location.flagged IS 'faster than anything drives';

CREATE TABLE driver_position (
    driver_id integer PRIMARY KEY REFERENCES driver (id),
    at timestamptz NOT NULL,
    latitude double precision NOT NULL,
    longitude double precision NOT NULL,
    recorded_at timestamptz NOT NULL
);
COMMENT ON TABLE driver_position IS
    'The last known place of each driver; moves forward in time only.';
"""


def upgrade() -> None:
    op.execute(FLEET)


def downgrade() -> None:
    op.execute("DROP TABLE driver_position, driver_location, vehicle_driver, vehicle, driver")
