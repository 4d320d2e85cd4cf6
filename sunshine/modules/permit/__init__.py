"""Absences of a few hours. Guide: docs/leave.md.

requests.py   asking, and reading
decisions.py  approve, reject, cancel
schemas.py    payloads
"""
