"""The help desk. Guide: docs/tickets.md.

tickets.py         list, find, create; the steps that all changes are made of
updates.py         changes of fields and status, and who may make them
closing.py         close, rate, merge, delete
comments.py        comments, and the history
watchers.py        who watches a ticket
visibility.py      who sees which ticket, comment and event
due_dates.py       when a ticket is due
business_hours.py  time that counts only while the business is open
sla.py             missed targets, and due dates after a change of holidays
channel.py         the frames of the sockets
jobs.py            the job that reports missed targets
rows.py            the rows that the statements return
schemas.py         payloads
"""
