"""Who has which room when. Guide: docs/meeting-rooms.md.

rooms.py          the rooms
schedule.py       booked, moved, cancelled, checked in to
bookings.py       bookings as they are read
conflicts.py      what a booking must pass
recurrence.py     the days of a series
availability.py   when rooms are free
calendar_feed.py  a room for calendars
jobs.py           rooms that nobody came to
schemas.py        payloads
"""
