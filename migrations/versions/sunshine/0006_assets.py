"""Assets: what they are, who holds them, where they have been."""

from alembic import op

revision = "0006"
down_revision = "0005"

ASSETS = """
CREATE TABLE asset_config (
    id serial PRIMARY KEY,
    kind text NOT NULL CHECK (kind IN ('category', 'location', 'vendor')),
    key text NOT NULL,
    name text NOT NULL,
    attributes jsonb NOT NULL DEFAULT '{}',
    active boolean NOT NULL DEFAULT true,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    deleted_at timestamptz
);
CREATE UNIQUE INDEX asset_config_key_key
    ON asset_config (kind, lower(key)) WHERE deleted_at IS NULL;
COMMENT ON TABLE asset_config IS 'The words that assets are described with.';

CREATE TABLE asset (
    id serial PRIMARY KEY,
    asset_code text NOT NULL,
    name text NOT NULL,
    category_id integer NOT NULL REFERENCES asset_config (id),
    location_id integer REFERENCES asset_config (id),
    vendor_id integer REFERENCES asset_config (id),
    serial_number text,
    purchase_date date,
    value numeric(14, 2) CHECK (value >= 0),
    status text NOT NULL DEFAULT 'active'
        CHECK (status IN ('active', 'inactive', 'maintenance', 'retired')),
    warranty_until date,
    warranty_told date,
    notes text,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    deleted_at timestamptz
);
CREATE UNIQUE INDEX asset_asset_code_key ON asset (lower(asset_code)) WHERE deleted_at IS NULL;
CREATE UNIQUE INDEX asset_serial_number_key
    ON asset (lower(serial_number)) WHERE deleted_at IS NULL;
CREATE INDEX asset_category_id_idx ON asset (category_id);
CREATE INDEX asset_location_id_idx ON asset (location_id);
CREATE INDEX asset_vendor_id_idx ON asset (vendor_id);
COMMENT ON COLUMN asset.warranty_told IS 'the warranty end that was reminded of';

CREATE TABLE asset_assignment (
    id serial PRIMARY KEY,
    asset_id integer NOT NULL REFERENCES asset (id),
    employee_id integer NOT NULL REFERENCES employee (id),
    assigned_on date NOT NULL,
    returned_on date,
    condition text,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT asset_assignment_dates_check CHECK (returned_on >= assigned_on)
);
CREATE INDEX asset_assignment_asset_id_idx ON asset_assignment (asset_id);
CREATE INDEX asset_assignment_employee_id_idx ON asset_assignment (employee_id);
CREATE UNIQUE INDEX asset_assignment_holder_key
    ON asset_assignment (asset_id) WHERE returned_on IS NULL;
COMMENT ON COLUMN asset_assignment.returned_on IS 'null while it is held';
COMMENT ON COLUMN asset_assignment.condition IS 'at the return';

CREATE TABLE asset_maintenance (
    id serial PRIMARY KEY,
    asset_id integer NOT NULL REFERENCES asset (id),
    type text NOT NULL,
    vendor text,
    cost numeric(14, 2) CHECK (cost >= 0),
    started_on date NOT NULL,
    completed_on date,
    notes text,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT asset_maintenance_dates_check CHECK (completed_on >= started_on)
);
CREATE INDEX asset_maintenance_asset_id_idx ON asset_maintenance (asset_id);
CREATE UNIQUE INDEX asset_maintenance_open_key
    ON asset_maintenance (asset_id) WHERE completed_on IS NULL;
COMMENT ON COLUMN asset_maintenance.completed_on IS 'null while it lasts';

CREATE TABLE asset_reservation (
    id serial PRIMARY KEY,
    asset_id integer NOT NULL REFERENCES asset (id),
    employee_id integer NOT NULL REFERENCES employee (id),
    valid_from date NOT NULL,
    valid_to date NOT NULL,
    notes text,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    deleted_at timestamptz,
    CONSTRAINT asset_reservation_period_check CHECK (valid_to >= valid_from),
    CONSTRAINT asset_reservation_overlap EXCLUDE USING gist (
        asset_id WITH =,
        daterange(valid_from, valid_to, '[]') WITH &&
    ) WHERE (deleted_at IS NULL)
);
CREATE INDEX asset_reservation_employee_id_idx ON asset_reservation (employee_id);
COMMENT ON COLUMN asset_reservation.valid_to IS 'last day';

CREATE TABLE asset_history (
    id serial PRIMARY KEY,
    asset_id integer NOT NULL REFERENCES asset (id),
    at timestamptz NOT NULL,
    what text NOT NULL CHECK (what IN (
        'assigned', 'returned', 'maintenance_started', 'maintenance_completed', 'moved'
    )),
    employee_id integer REFERENCES employee (id),
    location_id integer REFERENCES asset_config (id),
    latitude double precision,
    longitude double precision,
    notes text,
    actor text NOT NULL
);
CREATE INDEX asset_history_asset_id_idx ON asset_history (asset_id, id);
COMMENT ON COLUMN asset_history.employee_id IS 'who got it or gave it back';
COMMENT ON TABLE asset_history IS 'What happened to an asset; rows are added, never changed.';
"""


def upgrade() -> None:
    op.execute(ASSETS)


def downgrade() -> None:
    op.execute(
        "DROP TABLE asset_history, asset_reservation, asset_maintenance, asset_assignment,"
        " asset, asset_config"
    )
