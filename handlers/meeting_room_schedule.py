"""Booking meeting rooms over HTTP. Rules: sunshine/rules/meeting_room_schedule.py."""

from sunshine.rules import meeting_room_bookings
from sunshine.rules import meeting_room_schedule as rules
from sunshine.schemas.meeting_rooms import BOOK, CANCEL, MOVE
from sunshine.web.guards import body, may, query, signed_in
from sunshine.web.handler import Handler
from sunshine.web.routes import Route


class Schedule(Handler):
    """Who has which room when."""

    async def get(self) -> None:
        """A page."""
        page = await meeting_room_bookings.page(self.db.sunshine, self.query, actor=self.actor)
        self.reply_page(page)

    async def post(self) -> None:
        """Book a room, once or again and again."""
        async with self.transaction() as tx:
            booking = await rules.book(tx, self.body, actor=self.actor)
            self.reply(booking, message="Meeting room booked", status=201)


class Booking(Handler):
    """One booking."""

    async def get(self, booking_id: int) -> None:
        """The booking."""
        database = self.db.sunshine
        self.reply(await meeting_room_bookings.find(database, booking_id, actor=self.actor))

    async def put(self, booking_id: int) -> None:
        """Merge what is sent: move it, or change its words."""
        async with self.transaction() as tx:
            booking = await rules.move(tx, booking_id, self.body, actor=self.actor)
            self.reply(booking, message="Booking updated")

    async def delete(self, booking_id: int) -> None:
        """Cancel it; `scope=series`: and what follows of its series."""
        async with self.transaction() as tx:
            scope = self.query["scope"]
            booking = await rules.cancel(tx, booking_id, scope=scope, actor=self.actor)
            self.reply(booking, message="Booking cancelled")


class CheckIn(Handler):
    """Somebody is there."""

    async def post(self, booking_id: int) -> None:
        """From a quarter of an hour before the start."""
        async with self.transaction() as tx:
            booking = await rules.check_in(tx, booking_id, actor=self.actor)
            self.reply(booking, message="Checked in", status=201)


BOOKS = may("rooms:book")

routes = [
    Route(
        "/api/meeting-rooms/schedule",
        Schedule,
        GET=[signed_in, BOOKS, query(meeting_room_bookings.listing.schema)],
        POST=[signed_in, BOOKS, body(BOOK)],
    ),
    Route(
        "/api/meeting-rooms/schedule/{booking_id}",
        Booking,
        GET=[signed_in, BOOKS],
        PUT=[signed_in, BOOKS, body(MOVE)],
        DELETE=[signed_in, BOOKS, query(CANCEL)],
    ),
    Route("/api/meeting-rooms/schedule/{booking_id}/check-in", CheckIn, POST=[signed_in, BOOKS]),
]
