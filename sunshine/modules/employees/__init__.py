"""People at work. Guide: docs/people.md.

employees.py            who is employed, as what, under whom
offboarding.py          what ends with an employment
photo.py                who may open a photo
csv_import.py           many at once
locking.py              the employee lock of every module
lookups.py              positions and departments by name
departments.py          the departments
positions.py            the positions
shifts.py               when people work
placements.py           where people work
periods.py              what is given from one day to another
schemas.py              payloads of employees
departments_schemas.py  of departments
positions_schemas.py    of positions
shifts_schemas.py       of shifts
placements_schemas.py   of placements
"""
