"""Sales. Guide: docs/sales.md.

sales.py    recording, changing, voiding and listing sales
report.py   the sums of a period
rows.py     what the statements return
schemas.py  payloads
"""
