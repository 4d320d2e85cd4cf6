"""Drivers of the fleet. Signing in: driver_auth.py. Vehicles: vehicles.py.

Drivers see themselves; users see all of them by `fleet:read`, licences and phones by
`fleet:manage`. Tables: models/fleet.py.
"""

from collections.abc import Mapping
from datetime import timedelta
from functools import lru_cache
from typing import Any

from sqlalchemy import Date, Integer, and_, bindparam, case, func, insert, or_, select, update

from models.employees import employee
from models.fleet import driver, vehicle, vehicle_driver
from sunshine.core.errors import Conflict, Invalid, NotAllowed, NotFound, violations
from sunshine.core.principals import Principal
from sunshine.database.database import Database, Reader, Transaction
from sunshine.database.pages import ListQuery, Page, contains
from sunshine.database.records import merging, record_change, stamped
from sunshine.database.statements import Row, Statement
from sunshine.modules.fleet.assignments import OPEN, pair, part
from sunshine.modules.fleet.driver_auth import end_tokens
from sunshine.modules.fleet.schemas import DRIVER_FILTERS

violations(
    {
        "driver_license_number_key": Conflict.field(
            "licenseNumber", "Another driver has this licence", code="license_taken"
        )
    }
)

EXPIRING = timedelta(days=30)
CONFIDENTIAL = ("licenseNumber", "phone", "username", "employeeId")
OWN_FIELDS = frozenset({"phone", "password", "currentPassword"})
FIELDS = {
    "name": driver.c.name,
    "licenseNumber": driver.c.license_number,
    "phone": driver.c.phone,
    "vehicleType": driver.c.vehicle_type,
    "licenseExpiry": driver.c.license_expiry,
    "status": driver.c.status,
    "employeeId": driver.c.employee_id,
}
_today = bindparam("today", type_=Date)
_LICENSE = case(
    (driver.c.license_expiry < _today, "expired"),
    (driver.c.license_expiry <= bindparam("soon", type_=Date), "expiring"),
    (driver.c.license_expiry.is_not(None), "valid"),
)
ROWS = (
    select(
        driver.c.id,
        *(column.label(name) for name, column in FIELDS.items()),
        driver.c.username,
        _LICENSE.label("licenseStatus"),
        vehicle.c.id.label("vehicleId"),
        vehicle.c.plate_number.label("plateNumber"),
        driver.c.created_at.label("createdAt"),
        driver.c.updated_at.label("updatedAt"),
    )
    .select_from(
        driver.outerjoin(
            vehicle_driver, and_(vehicle_driver.c.driver_id == driver.c.id, OPEN)
        ).outerjoin(vehicle, vehicle.c.id == vehicle_driver.c.vehicle_id)
    )
    .where(driver.c.deleted_at.is_(None))
)


def _listing(*, confidential: bool) -> ListQuery:
    """A search must not find by a licence or phone whom it may not show it of."""
    searched = [driver.c.name]
    if confidential:
        searched += [driver.c.license_number, driver.c.phone, driver.c.username]
    return ListQuery(
        ROWS,
        key=driver.c.id,
        schema=DRIVER_FILTERS,
        filters={
            "status": driver.c.status == bindparam("status"),
            "vehicleType": driver.c.vehicle_type == bindparam("vehicleType"),
            "search": or_(*(contains(func.lower(column)) for column in searched)),
        },
        sort={
            "name": driver.c.name,
            "licenseExpiry": driver.c.license_expiry,
            "createdAt": driver.c.created_at,
        },
    )


listing = _listing(confidential=True)
_open_listing = _listing(confidential=False)
_FIND = Statement(ROWS.where(driver.c.id == bindparam("id")))
_LOCK = Statement(
    select(driver.c.id)
    .where(driver.c.id == bindparam("id"), driver.c.deleted_at.is_(None))
    .with_for_update()
)
_INSERT = Statement(
    insert(driver)
    .values({column: bindparam(name, type_=column.type) for name, column in FIELDS.items()})
    .values(stamped(driver))
    .returning(driver.c.id)
)
_DELETE = Statement(
    update(driver)
    .where(driver.c.id == bindparam("id"))
    .values(deleted_at=bindparam("now"), status="inactive")
)
_EMPLOYEE = Statement(
    select(employee.c.id).where(
        employee.c.id == bindparam("id", type_=Integer), employee.c.deleted_at.is_(None)
    )
)


def check_reach(actor: Principal, driver_id: int) -> None:
    """Drivers reach themselves only; users' permissions are the route's to check."""
    if actor.kind == "driver" and actor.id != driver_id:
        raise NotAllowed


async def page(database: Database, query: Mapping[str, Any], *, actor: Principal) -> Page:
    """A page of the drivers."""
    chosen = listing if actor.may("fleet:manage") else _open_listing
    found = await chosen.page(database, query, **days(database))
    for row in found.rows:
        _close(row, actor)
    return found


async def find(database: Database, id_: int, *, actor: Principal) -> Row:
    """One driver."""
    check_reach(actor, id_)
    return _close(await current(database, id_), actor)


async def current(reader: Database | Transaction, id_: int) -> Row:
    """A driver in full; NotFound."""
    row = await reader.one_or_none(_FIND, id=id_, **days(reader))
    if row is None:
        raise NotFound
    return row


async def create(tx: Transaction, values: Mapping[str, Any], *, people: Reader) -> Row:
    """A new driver; `people` is the database where employees are."""
    await _check_employee(people, values)
    given = {name: value for name, value in values.items() if name in FIELDS}
    full = dict.fromkeys(FIELDS) | {"status": "active"} | given
    id_ = (await tx.one(_INSERT, **full))["id"]
    if values.get("vehicleId") is not None:
        await pair(tx, id_, values["vehicleId"])
    row = await current(tx, id_)
    await tx.record("driver_created", "driver", id_, after=row)
    return row


async def change(tx: Transaction, id_: int, values: Mapping[str, Any], *, people: Reader) -> Row:
    """Merge into a driver; one who is no longer active is signed out everywhere."""
    await tx.execute(_LOCK, id=id_)
    before = await current(tx, id_)
    await _check_employee(people, values)
    fields = {name: value for name, value in values.items() if name in FIELDS}
    await tx.execute(_update(tuple(sorted(fields))), row_id=id_, **fields)
    if "vehicleId" in values and values["vehicleId"] != before["vehicleId"]:
        await part(tx, driver_id=id_)
        if values["vehicleId"] is not None:
            await pair(tx, id_, values["vehicleId"])
    after = await current(tx, id_)
    if before["status"] == "active" != after["status"]:
        await end_tokens(tx, id_)
    await record_change(tx, "driver", before, after)
    return after


async def delete(tx: Transaction, id_: int) -> None:
    """A driver leaves: signed out, without a vehicle, kept for history."""
    await tx.execute(_LOCK, id=id_)
    before = await current(tx, id_)
    await part(tx, driver_id=id_)
    await end_tokens(tx, id_)
    await tx.execute(_DELETE, id=id_)
    await tx.record("driver_deleted", "driver", id_, before=before)


def check_change(actor: Principal, id_: int, values: Mapping[str, Any]) -> None:
    """Drivers change their own phone and password, whoever manages the fleet everything else."""
    check_reach(actor, id_)
    if actor.kind == "driver" and set(values) - OWN_FIELDS:
        raise NotAllowed("Of your own profile you may change phone and password")
    if actor.kind != "driver" and values.keys() & {"password", "currentPassword"}:
        raise NotAllowed("Drivers change their own password; give a new one by credentials")


def days(reader: Database | Transaction) -> dict[str, Any]:
    """What `licenseStatus` is reckoned from: parameters of every statement over ROWS."""
    return {"today": reader.today, "soon": reader.today + EXPIRING}


def _close(row: Row, actor: Principal) -> Row:
    if actor.kind == "user" and not actor.may("fleet:manage"):
        for name in CONFIDENTIAL:
            del row[name]
    return row


async def _check_employee(people: Reader, values: Mapping[str, Any]) -> None:
    id_ = values.get("employeeId")
    if id_ is not None and await people.one_or_none(_EMPLOYEE, id=id_) is None:
        raise Invalid.field("employeeId", "does not exist")


@lru_cache(maxsize=64)
def _update(names: tuple[str, ...]) -> Statement[Any]:
    return merging(driver, {name: FIELDS[name] for name in names})
