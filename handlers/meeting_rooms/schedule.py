"""Booking meeting rooms over HTTP. Rules: sunshine/modules/meeting_rooms."""

from sunshine.modules.meeting_rooms import bookings
from sunshine.modules.meeting_rooms import schedule as rules
from sunshine.modules.meeting_rooms.check_in import check_in
from sunshine.modules.meeting_rooms.schemas import BOOK, BOOKED, BOOKING, CANCEL, CANCELLED, MOVE
from sunshine.web.guards import body, query, requires_permission, signed_in
from sunshine.web.handler import Handler
from sunshine.web.response_specs import conflicts, created, item, page
from sunshine.web.routes import Route


class Schedule(Handler):
    """The bookings of all rooms."""

    async def get(self) -> None:
        """List bookings by time.

        Descriptions are shown to the organizer, the attendees and those who manage rooms. Only
        those with the status `booked`, unless `status` asks for others.
        """
        page = await bookings.page(self.db.sunshine, self.query, actor=self.actor)
        self.reply_page(page)

    async def post(self) -> None:
        """Book a room, once or for a series.

        The caller is the organizer. Times are half-open: a meeting may begin when another ends. A
        taken room is 409, with free rooms and the next free time in `data`; of many requests at
        once, one succeeds. All people must fit. `recurrence` is daily, weekly or monthly with
        `until` or `count`; `skipConflicts` omits taken days. `warnings` name people who are
        elsewhere.
        """
        async with self.transaction() as tx:
            booking = await rules.book(tx, self.body, actor=self.actor)
            self.reply(booking, message="Meeting room booked", status=201)


class Booking(Handler):
    """One booking."""

    async def get(self, booking_id: int) -> None:
        """Get a booking.

        The description is shown to the organizer, the attendees and those who manage rooms.
        """
        database = self.db.sunshine
        self.reply(await bookings.get(database, booking_id, actor=self.actor))

    async def put(self, booking_id: int) -> None:
        """Move or change a booking.

        Its organizer and those who manage rooms may, until it is over. A new time that is taken is
        409.
        """
        async with self.transaction() as tx:
            booking = await rules.move(tx, booking_id, self.body, actor=self.actor)
            self.reply(booking, message="Booking updated")

    async def delete(self, booking_id: int) -> None:
        """Cancel a booking.

        `scope=series` cancels the later bookings of its series too. A booking that is over or
        cancelled already is 409. The row stays.
        """
        async with self.transaction() as tx:
            scope = self.query["scope"]
            booking = await rules.cancel(tx, booking_id, scope=scope, actor=self.actor)
            self.reply(booking, message="Booking cancelled")


class CheckIn(Handler):
    """Checking in to a meeting."""

    async def post(self, booking_id: int) -> None:
        """Check in to a meeting.

        The organizer or an attendee does, from 15 minutes before the start. Where
        `ROOM_NO_SHOW_MINUTES` is set, a room that nobody checks in to is released.
        """
        async with self.transaction() as tx:
            booking = await check_in(tx, booking_id, actor=self.actor)
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
