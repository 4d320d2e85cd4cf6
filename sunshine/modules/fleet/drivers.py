"""Drivers of the fleet. Signing in: driver_auth.py. Vehicles: vehicles.py.

Drivers see themselves. Users see every driver with `fleet:read`, in full with `fleet:manage`.
Tables: models/fleet.py.
"""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any, TypeVar

from sqlalchemy import (
    Column,
    ColumnElement,
    Date,
    Integer,
    Select,
    and_,
    bindparam,
    case,
    func,
    or_,
    select,
)

from models.employees import employee
from models.fleet import driver, vehicle, vehicle_driver
from sunshine.core.errors import Conflict, Invalid, NotAllowed, violations
from sunshine.core.principals import Principal
from sunshine.database.database import Database, Reader, Transaction
from sunshine.database.pages import ListQuery, Page, contains
from sunshine.database.records import RecordSteps
from sunshine.database.statements import IdRow, Statement
from sunshine.modules.fleet.assignments import IS_CURRENT, assign, release
from sunshine.modules.fleet.driver_auth import end_tokens
from sunshine.modules.fleet.rows import DriverRow, DriverSummaryRow
from sunshine.modules.fleet.schemas import DRIVER_FILTERS

violations(
    {
        "driver_license_number_key": Conflict.field(
            "licenseNumber", "Another driver has this licence", code="license_taken"
        )
    }
)

R = TypeVar("R")
EXPIRING = timedelta(days=30)
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
COLUMNS: dict[str, ColumnElement[Any]] = {
    "id": driver.c.id,
    **FIELDS,
    "username": driver.c.username,
    "licenseStatus": _LICENSE,
    "vehicleId": vehicle.c.id,
    "plateNumber": vehicle.c.plate_number,
    "createdAt": driver.c.created_at,
    "updatedAt": driver.c.updated_at,
}


def _rows(names: Iterable[str]) -> Select[Any]:
    return (
        select(*(COLUMNS[name].label(name) for name in names))
        .select_from(
            driver.outerjoin(
                vehicle_driver, and_(vehicle_driver.c.driver_id == driver.c.id, IS_CURRENT)
            ).outerjoin(vehicle, vehicle.c.id == vehicle_driver.c.vehicle_id)
        )
        .where(driver.c.deleted_at.is_(None))
    )


def _listing(row: type[R], *searched: Column[Any]) -> ListQuery[R]:
    """Return the list whose rows are `row`. A search looks at shown columns only, so that it
    reveals no hidden ones."""
    names = [name for name in COLUMNS if name in row.__annotations__]
    return ListQuery(
        _rows(names),
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
        row=row,
    )


_d = driver.c
listing = _listing(DriverRow, _d.name, _d.license_number, _d.phone, _d.username)
_summaries = _listing(DriverSummaryRow, _d.name)
# FOR UPDATE: a report of positions, which refers to the driver, waits for an end or a suspension.
_steps = RecordSteps(
    driver,
    rows=_rows(COLUMNS),
    row=DriverRow,
    fields=FIELDS,
    locks_references=True,
    on_delete={"status": "inactive"},
)
_EMPLOYEE = Statement(
    select(employee.c.id).where(
        employee.c.id == bindparam("id", type_=Integer), employee.c.deleted_at.is_(None)
    ),
    IdRow,
)


def require_access(actor: Principal, driver_id: int) -> None:
    """Raise NotAllowed when a driver asks for another; the route checks users' permissions."""
    if actor.kind == "driver" and actor.id != driver_id:
        raise NotAllowed


async def page(
    database: Database, query: Mapping[str, Any], *, actor: Principal
) -> Page[DriverRow] | Page[DriverSummaryRow]:
    """Return a page of the drivers: in full by `fleet:manage`, else the summaries."""
    days = license_days(database)
    if actor.may("fleet:manage"):
        return await listing.page(database, query, **days)
    return await _summaries.page(database, query, **days)


async def find(database: Database, id_: int, *, actor: Principal) -> DriverRow | DriverSummaryRow:
    """Return a driver: in full to themselves and by `fleet:manage`, else the summary; NotFound."""
    require_access(actor, id_)
    row = await get(database, id_)
    return row if actor.kind == "driver" or actor.may("fleet:manage") else _summary(row)


async def get(reader: Database | Transaction, id_: int) -> DriverRow:
    """Return a driver in full; NotFound."""
    return await _steps.get(reader, id_, **license_days(reader))


async def create(tx: Transaction, values: Mapping[str, Any], *, people: Reader) -> DriverRow:
    """Insert a driver, and assign the vehicle that `vehicleId` names, if any.

    `people` reads the database of the employees; Invalid when `employeeId` names none.
    """
    await _check_employee(people, values)
    id_ = await _steps.insert(tx, dict.fromkeys(FIELDS) | {"status": "active"} | _columns(values))
    if values.get("vehicleId") is not None:
        await assign(tx, id_, values["vehicleId"])
    return await _steps.created(tx, id_, **license_days(tx))


async def change(
    tx: Transaction, id_: int, values: Mapping[str, Any], *, people: Reader
) -> DriverRow:
    """Merge fields into a driver; a status other than active ends every token of theirs."""
    days = license_days(tx)
    before = await _steps.get_for_update(tx, id_, **days)
    await _check_employee(people, values)
    await _steps.update(tx, id_, _columns(values))
    if "vehicleId" in values and values["vehicleId"] != before["vehicleId"]:
        await release(tx, driver_id=id_)
        if values["vehicleId"] is not None:
            await assign(tx, id_, values["vehicleId"])
    if before["status"] == "active" != values.get("status", "active"):
        await end_tokens(tx, id_)
    return await _steps.changed(tx, before, **days)


async def delete(tx: Transaction, id_: int) -> None:
    """Mark a driver deleted and inactive: their tokens end, their vehicle is free, their history
    stays."""
    before = await _steps.get_for_update(tx, id_, **license_days(tx))
    await release(tx, driver_id=id_)
    await end_tokens(tx, id_)
    await _steps.delete(tx, before)


def check_change(actor: Principal, id_: int, values: Mapping[str, Any]) -> None:
    """Raise NotAllowed unless `actor` may change these fields of a driver.

    A driver changes their own phone and password; a manager of the fleet everything else.
    """
    require_access(actor, id_)
    if actor.kind == "driver" and set(values) - OWN_FIELDS:
        raise NotAllowed("Of your own profile you may change phone and password")
    if actor.kind != "driver" and values.keys() & {"password", "currentPassword"}:
        raise NotAllowed("Drivers change their own password; give a new one by credentials")


def license_days(reader: Database | Transaction) -> dict[str, Any]:
    """Return the parameters of `licenseStatus`: today, and the last day that counts as soon."""
    return {"today": reader.today, "soon": reader.today + EXPIRING}


def _columns(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if name in FIELDS}


def _summary(row: DriverRow) -> DriverSummaryRow:
    return DriverSummaryRow(
        id=row["id"],
        name=row["name"],
        vehicleType=row["vehicleType"],
        licenseExpiry=row["licenseExpiry"],
        licenseStatus=row["licenseStatus"],
        status=row["status"],
        vehicleId=row["vehicleId"],
        plateNumber=row["plateNumber"],
        createdAt=row["createdAt"],
        updatedAt=row["updatedAt"],
    )


async def _check_employee(people: Reader, values: Mapping[str, Any]) -> None:
    id_ = values.get("employeeId")
    if id_ is not None and await people.one_or_none(_EMPLOYEE, id=id_) is None:
        raise Invalid.field("employeeId", "does not exist")
