"""What the company owns, who holds it, where it is. Guide: docs/assets.md.

inventory.py     the assets
config.py        categories, locations, vendors
assignments.py   who holds an asset
reservations.py  an asset for a period of days
tracking.py      where an asset is, and how it came there
maintenance.py   an open one takes the asset out of use
history.py       what happened to an asset
audit.py         what needs attention
jobs.py          warranties about to end
schemas.py       payloads
"""
