"""Remind of expiring licences, registrations and insurances: once each, after downtime too."""

import datetime as dt
from datetime import timedelta

from sqlalchemy import Column, Date, Table, bindparam, update

from models.fleet import driver, vehicle
from sunshine.database.database import Transaction
from sunshine.database.statements import Statement
from sunshine.jobs.runner import Job
from sunshine.jobs.schedules import Daily
from sunshine.modules.fleet.rows import ExpiryRow

AHEAD = timedelta(days=30)


def _mark_reminded(
    table: Table,
    expiry: Column[dt.date],
    reminded: Column[dt.date],
    name: Column[str],
) -> Statement[ExpiryRow]:
    return Statement(
        update(table)
        .where(
            expiry <= bindparam("until", type_=Date),
            reminded.is_distinct_from(expiry),
            table.c.deleted_at.is_(None),
        )
        .values({reminded: expiry})
        .returning(table.c.id, name.label("name"), expiry.label("expiry")),
        ExpiryRow,
    )


_d, _v = driver.c, vehicle.c
_REMINDERS = {
    "license": ("driver", _mark_reminded(driver, _d.license_expiry, _d.license_told, _d.name)),
    "registration": (
        "vehicle",
        _mark_reminded(vehicle, _v.registration_expiry, _v.registration_told, _v.plate_number),
    ),
    "insurance": (
        "vehicle",
        _mark_reminded(vehicle, _v.insurance_expiry, _v.insurance_told, _v.plate_number),
    ),
}


async def remind_of_expiries(tx: Transaction) -> dict[str, int]:
    """Record an event such as `driver_license_ending` for each that expires within 30 days or has
    expired; return how many of each kind."""
    counts = {}
    for what, (entity, statement) in _REMINDERS.items():
        due = await tx.all(statement, until=tx.today + AHEAD)
        rows = [
            (row["id"], None, {"name": row["name"], f"{what}Expiry": row["expiry"]}) for row in due
        ]
        await tx.record_all(f"{entity}_{what}_ending", entity, rows)
        counts[what] = len(rows)
    return counts


JOBS = (
    Job(
        "fleet-reminders",
        "Remind of licences, registrations and insurances about to end",
        Daily(dt.time(6, 5)),
        remind_of_expiries,
        ("fleet",),
    ),
)
