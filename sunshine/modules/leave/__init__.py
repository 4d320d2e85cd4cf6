"""Leave: asked for, decided, taken from a balance; and holidays. Guide: docs/leave.md.

requests.py          asking for leave, and reading it
decisions.py         approve, reject, cancel
days.py              the working days that a request takes
overlaps.py          what it must not overlap
warnings.py          what else is on those days
balance.py           the arithmetic of balances, without a database
ledger.py            the entries that a balance is the sum of
queries.py           balances read in one statement
holidays.py          public and collective ones
calendar_feed.py     who is away when
locking.py           whose leave it is: reached, named, locked
jobs.py              deadlines, a new year, what lapses
schemas.py           payloads
holidays_schemas.py  those of holidays
"""
