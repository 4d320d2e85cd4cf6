"""Drivers, vehicles and positions, in a database of their own. Guide: docs/fleet.md.

drivers.py      drivers
driver_auth.py  drivers' sign-in and credentials
vehicles.py     vehicles
assignments.py  which driver has which vehicle
locations.py    last-known positions and tracks
jobs.py         reminders of expiring licences, registrations and insurances
schemas.py      payloads
rows.py         rows that the statements return
"""
