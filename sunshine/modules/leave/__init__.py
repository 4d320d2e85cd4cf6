"""Leave and holidays: requests, decisions, balances. Guide: docs/leave.md.

requests.py          applying for leave, and reading requests
decisions.py         approve, reject, cancel
days.py              the working days that a request takes
overlaps.py          what a request must not overlap
warnings.py          what else is on those days
balance.py           the arithmetic of balances, without a database
ledger.py            the entries whose sum is a balance
queries.py           the balances, in one statement
holidays.py          public and collective holidays
calendar_feed.py     who is away when, as a calendar
lookups.py           the employee that a word means
jobs.py              deadlines, the new year, expiry
rows.py              the rows that statements return
schemas.py           payloads
holidays_schemas.py  payloads of holidays
"""
