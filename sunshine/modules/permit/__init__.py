"""Permits: absences of a few hours. Guide: docs/leave.md.

requests.py   applying for permits, and reading them
decisions.py  approve, reject, cancel
rows.py       the rows that statements return
schemas.py    payloads
"""
