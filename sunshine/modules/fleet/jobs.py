"""Licences, registrations and insurances about to end: told once each, also after downtime."""

from datetime import time, timedelta
from typing import Any

from sqlalchemy import Column, Date, Table, bindparam, update

from models.fleet import driver, vehicle
from sunshine.database.database import Transaction
from sunshine.database.statements import Statement
from sunshine.jobs.runner import Job
from sunshine.jobs.schedules import Daily

AHEAD = timedelta(days=30)


def _tell(table: Table, expiry: Column, told: Column, name: Column) -> Statement[Any]:
    return Statement(
        update(table)
        .where(
            expiry <= bindparam("until", type_=Date),
            told.is_distinct_from(expiry),
            table.c.deleted_at.is_(None),
        )
        .values({told: expiry})
        .returning(table.c.id, name.label("name"), expiry.label("expiry"))
    )


_d, _v = driver.c, vehicle.c
_REMINDERS = {
    "license": ("driver", _tell(driver, _d.license_expiry, _d.license_told, _d.name)),
    "registration": (
        "vehicle",
        _tell(vehicle, _v.registration_expiry, _v.registration_told, _v.plate_number),
    ),
    "insurance": (
        "vehicle",
        _tell(vehicle, _v.insurance_expiry, _v.insurance_told, _v.plate_number),
    ),
}


async def remind_of_expiries(tx: Transaction) -> dict[str, int]:
    """An event such as `driver_license_ending` for each that ends within 30 days or has ended."""
    counts = {}
    for what, (entity, statement) in _REMINDERS.items():
        told = await tx.all(statement, until=tx.today + AHEAD)
        rows = [
            (row["id"], None, {"name": row["name"], f"{what}Expiry": row["expiry"]}) for row in told
        ]
        await tx.record_all(f"{entity}_{what}_ending", entity, rows)
        counts[what] = len(rows)
    return counts


JOBS = (
    Job(
        "fleet-reminders",
        "Remind of licences, registrations and insurances about to end",
        Daily(time(6, 5)),
        remind_of_expiries,
        ("fleet",),
    ),
)
