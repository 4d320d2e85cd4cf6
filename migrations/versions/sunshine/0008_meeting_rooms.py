"""Meeting rooms, and who has which when."""

from alembic import op

revision = "0008"
down_revision = "0007"

ROOMS = """
CREATE TABLE meeting_room (
    id serial PRIMARY KEY,
    name text NOT NULL,
    capacity integer NOT NULL CHECK (capacity > 0),
    floor integer,
    facilities text[] NOT NULL DEFAULT '{}',
    location text,
    opens_at time,
    closes_at time,
    active boolean NOT NULL DEFAULT true,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    deleted_at timestamptz,
    CONSTRAINT meeting_room_hours_check CHECK (closes_at > opens_at)
);
CREATE UNIQUE INDEX meeting_room_name_key ON meeting_room (lower(name)) WHERE deleted_at IS NULL;
COMMENT ON COLUMN meeting_room.opens_at IS 'null for the whole day; so closes_at';

CREATE TABLE meeting_room_series (
    id serial PRIMARY KEY,
    recurrence jsonb NOT NULL,
    created_at timestamptz NOT NULL
);
COMMENT ON TABLE meeting_room_series IS
    'What the bookings of one recurring meeting have in common.';

CREATE TABLE meeting_room_booking (
    id serial PRIMARY KEY,
    room_id integer NOT NULL REFERENCES meeting_room (id),
    series_id integer REFERENCES meeting_room_series (id),
    organizer_id integer NOT NULL REFERENCES employee (id),
    attendees integer[] NOT NULL DEFAULT '{}',
    people integer[] GENERATED ALWAYS AS (array_append(attendees, organizer_id)) STORED,
    title text NOT NULL,
    description text,
    starts_at timestamptz NOT NULL,
    ends_at timestamptz NOT NULL,
    status text NOT NULL DEFAULT 'booked'
        CHECK (status IN ('booked', 'cancelled', 'released')),
    checked_in_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT meeting_room_booking_period_check CHECK (ends_at > starts_at),
    CONSTRAINT meeting_room_booking_overlap EXCLUDE USING gist (
        room_id WITH =,
        tstzrange(starts_at, ends_at) WITH &&
    ) WHERE (status = 'booked')
);
CREATE INDEX meeting_room_booking_series_id_idx ON meeting_room_booking (series_id);
CREATE INDEX meeting_room_booking_starts_at_idx ON meeting_room_booking (starts_at);
CREATE INDEX meeting_room_booking_people_idx ON meeting_room_booking USING gin (people);
COMMENT ON COLUMN meeting_room_booking.ends_at IS 'exclusive';
"""


def upgrade() -> None:
    op.execute(ROOMS)


def downgrade() -> None:
    op.execute("DROP TABLE meeting_room_booking, meeting_room_series, meeting_room")
