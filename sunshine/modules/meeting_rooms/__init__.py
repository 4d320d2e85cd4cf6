"""Meeting rooms and their bookings. Guide: docs/meeting-rooms.md.

rooms.py          rooms
schedule.py       booking, moving, cancelling
check_in.py       checking in
bookings.py       reading bookings
conflicts.py      what a booking is checked against
recurrence.py     the days of a series
availability.py   when rooms are free
calendar_feed.py  the calendar of a room
jobs.py           releasing rooms after no-shows
schemas.py        payloads
rows.py           rows that the statements return
"""
