"""Meeting rooms and their bookings."""

from sqlalchemy import (
    ARRAY,
    Boolean,
    CheckConstraint,
    Column,
    Computed,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    Table,
    Text,
    Time,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB, ExcludeConstraint

from models.base import deleted_at, identity, sunshine, timestamps, unique_name

meeting_room = Table(
    "meeting_room",
    sunshine,
    identity(),
    Column("name", Text, nullable=False),
    Column("capacity", Integer, nullable=False),
    Column("floor", Integer),
    Column("facilities", ARRAY(Text), nullable=False, server_default=text("'{}'")),
    Column("location", Text),
    Column("opens_at", Time, comment="null for the whole day; so closes_at"),
    Column("closes_at", Time),
    Column("active", Boolean, nullable=False, server_default=text("true")),
    *timestamps(),
    deleted_at(),
    CheckConstraint("capacity > 0", name="capacity"),
    CheckConstraint("closes_at > opens_at", name="hours"),
)
unique_name(meeting_room)

meeting_room_series = Table(
    "meeting_room_series",
    sunshine,
    identity(),
    Column("recurrence", JSONB, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    comment="What the bookings of one recurring meeting have in common.",
)

meeting_room_booking = Table(
    "meeting_room_booking",
    sunshine,
    identity(),
    Column("room_id", Integer, ForeignKey("meeting_room.id"), nullable=False),
    Column("series_id", Integer, ForeignKey("meeting_room_series.id"), index=True),
    Column("organizer_id", Integer, ForeignKey("employee.id"), nullable=False),
    Column("attendees", ARRAY(Integer), nullable=False, server_default=text("'{}'")),
    # Attendees and organizer: the index finds a person's meetings.
    Column(
        "people",
        ARRAY(Integer),
        Computed("array_append(attendees, organizer_id)", persisted=True),
    ),
    Column("title", Text, nullable=False),
    Column("description", Text),
    Column("starts_at", DateTime(timezone=True), nullable=False),
    Column("ends_at", DateTime(timezone=True), nullable=False, comment="exclusive"),
    Column("status", Text, nullable=False, server_default=text("'booked'")),
    Column("checked_in_at", DateTime(timezone=True)),
    *timestamps(),
    CheckConstraint("ends_at > starts_at", name="period"),
    CheckConstraint("status IN ('booked', 'cancelled', 'released')", name="status"),
    # Writers lock the room first: the constraint is the net.
    ExcludeConstraint(
        ("room_id", "="),
        (text("tstzrange(starts_at, ends_at)"), "&&"),
        name="meeting_room_booking_overlap",
        using="gist",
        where=text("status = 'booked'"),
    ),
    Index("meeting_room_booking_starts_at_idx", "starts_at"),
    Index("meeting_room_booking_people_idx", "people", postgresql_using="gin"),
)
