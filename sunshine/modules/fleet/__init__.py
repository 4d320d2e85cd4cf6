"""Drivers, vehicles, and where they are, in a database of their own. Guide: docs/fleet.md.

drivers.py      the drivers
driver_auth.py  how they sign in
vehicles.py     the vehicles
assignments.py  who drives what
locations.py    where drivers are and have been
jobs.py         papers about to end
schemas.py      payloads
"""
