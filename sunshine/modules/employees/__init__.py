"""Employees and their departments, positions, shifts and placements. Guide: docs/people.md.

employees.py            the directory: find, create, change, delete
offboarding.py          the end of an employment: account, assets, approvals
photo.py                who may open a photo
csv_import.py           the import of many employees from a file
locking.py              the lock of what belongs to an employee
lookups.py              positions and departments by name
departments.py          the departments
positions.py            the positions
shifts.py               the shifts, and who works them when
placements.py           the locations where employees work, and when
periods.py              what shifts and placements share: periods that do not overlap
rows.py                 the rows that the statements return
schemas.py              payloads of employees
departments_schemas.py  of departments
positions_schemas.py    of positions
shifts_schemas.py       of shifts
placements_schemas.py   of placements
"""
