"""What was sold. Guide: docs/sales.md.

sales.py    the sales
report.py   sums of a period
schemas.py  payloads
"""
