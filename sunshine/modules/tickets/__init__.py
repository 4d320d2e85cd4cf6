"""The help desk. Guide: docs/tickets.md.

tickets.py         found, listed, made
updates.py         who may change what, from which status to which
closing.py         closed, rated, merged, deleted
comments.py        what is said about a ticket
watchers.py        who watches it
visibility.py      who may see what of it
due_dates.py       when it is due
business_hours.py  time that counts only while the business is open
sla.py             what time does to tickets
channel.py         what sockets are told
jobs.py            breaches told
schemas.py         payloads
"""
