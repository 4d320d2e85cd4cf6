"""The company's assets: holders, locations, reservations. Guide: docs/assets.md.

inventory.py     assets
config.py        categories, locations, vendors
assignments.py   assigning an asset to an employee, and its return
reservations.py  reserving an asset for a period of days
tracking.py      where an asset is and has been
maintenance.py   maintenance, which takes an asset out of use while open
history.py       the log of each asset
audit.py         assets that need attention
jobs.py          reminders of expiring warranties
schemas.py       payloads
rows.py          rows that the statements return
"""
