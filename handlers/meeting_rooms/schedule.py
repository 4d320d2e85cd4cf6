"""Booking meeting rooms over HTTP. Rules: sunshine/modules/meeting_rooms/schedule.py."""

from sunshine.modules.meeting_rooms import bookings
from sunshine.modules.meeting_rooms import schedule as rules
from sunshine.modules.meeting_rooms.schemas import BOOK, BOOKED, BOOKING, CANCEL, CANCELLED, MOVE
from sunshine.web.guards import body, query, requires_permission, signed_in
from sunshine.web.handler import Handler
from sunshine.web.response_specs import conflicts, created, item, page
from sunshine.web.routes import Route


class Schedule(Handler):
    """Who has which room when."""

    async def get(self) -> None:
        """List bookings by time.

        Descriptions are for the organizer, the attendees and those who manage rooms. Booked ones
        where `status` does not say otherwise.
        """
        page = await bookings.page(self.db.sunshine, self.query, actor=self.actor)
        self.reply_page(page)

    async def post(self) -> None:
        """Book a room, once or again and again.

        The caller organizes. Times are half open: one may begin when another ends. Taken is 409,
        whoever asks at once, with free rooms and the next free time in `data`. All people must fit.
        `recurrence` is daily, weekly or monthly with `until` or `count`; `skipConflicts` leaves
        taken days out. `warnings` say who is elsewhere.
        """
        async with self.transaction() as tx:
            booking = await rules.book(tx, self.body, actor=self.actor)
            self.reply(booking, message="Meeting room booked", status=201)


class Booking(Handler):
    """One booking."""

    async def get(self, booking_id: int) -> None:
        """Get a booking.

        Descriptions are for the organizer, the attendees and those who manage rooms.
        """
        database = self.db.sunshine
        self.reply(await bookings.find(database, booking_id, actor=self.actor))

    async def put(self, booking_id: int) -> None:
        """Move or change a booking.

        By its organizer or those who manage rooms, until it is over. The new time must be free:
        409.
        """
        async with self.transaction() as tx:
            booking = await rules.move(tx, booking_id, self.body, actor=self.actor)
            self.reply(booking, message="Booking updated")

    async def delete(self, booking_id: int) -> None:
        """Cancel a booking.

        `scope=series` cancels what follows of its series too. Over or cancelled already is 409. The
        row stays.
        """
        async with self.transaction() as tx:
            scope = self.query["scope"]
            booking = await rules.cancel(tx, booking_id, scope=scope, actor=self.actor)
            self.reply(booking, message="Booking cancelled")


class CheckIn(Handler):
    """Somebody is there."""

    async def post(self, booking_id: int) -> None:
        """Check in to a meeting.

        By organizer or attendees, from a quarter of an hour before the start. Where
        `ROOM_NO_SHOW_MINUTES` is set, a room that nobody checks in to is given free.
        """
        async with self.transaction() as tx:
            booking = await rules.check_in(tx, booking_id, actor=self.actor)
            self.reply(booking, message="Checked in", status=201)


BOOKS = requires_permission("rooms:book")

routes = [
    Route(
        "/api/meeting-rooms/schedule",
        Schedule,
        GET=[signed_in, BOOKS, query(bookings.listing.schema), page(BOOKING)],
        POST=[
            signed_in,
            BOOKS,
            body(BOOK),
            created(BOOKED),
            conflicts("room_taken", "room_inactive"),
        ],
    ),
    Route(
        "/api/meeting-rooms/schedule/{booking_id}",
        Booking,
        GET=[signed_in, BOOKS, item(BOOKING)],
        PUT=[
            signed_in,
            BOOKS,
            body(MOVE),
            item(BOOKED),
            conflicts(
                "room_taken",
                "room_inactive",
                "booking_past",
                "booking_cancelled",
                "booking_released",
            ),
        ],
        DELETE=[
            signed_in,
            BOOKS,
            query(CANCEL),
            item(CANCELLED),
            conflicts("booking_past", "booking_cancelled", "booking_released"),
        ],
    ),
    Route(
        "/api/meeting-rooms/schedule/{booking_id}/check-in",
        CheckIn,
        POST=[
            signed_in,
            BOOKS,
            created(BOOKING),
            conflicts("too_early", "booking_past", "booking_cancelled", "booking_released"),
        ],
    ),
]
