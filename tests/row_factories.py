"""Rows for the tests over the route table: what a path's ids are of, and whose it is.

A new module adds how its rows are made: a line in `MAKERS` and, where more than one table takes
part, a function. Used by tests/route_matrix.py.
"""

import itertools
from collections.abc import Awaitable, Callable
from datetime import date, timedelta
from functools import lru_cache
from typing import Any

from sqlalchemy import text

import handlers
import models
from sunshine.database.statements import Statement
from tests.api import Api

_number = itertools.count(1)

# How a table's row is made; `:employee` is whose it is, `:thing` what it refers to.
_INSERT = {
    "department": "(name) VALUES (:word)",
    "position": "(name) VALUES (:word)",
    "shift": "(name, start_time, end_time) VALUES (:word, '09:00', '17:00')",
    "location": "(name, latitude, longitude, radius_meters) VALUES (:word, 0, 0, 100)",
    "users": "(username, name, role, password_hash, employee_id)"
    " VALUES (:word, 'Somebody', 'employee', 'x', :employee)",
    "employee": "(name, manager_id) VALUES ('Somebody', :manager)",
    "employee_shift": "(employee_id, shift_id, valid_from, valid_to)"
    " VALUES (:employee, :thing, :day, :day)",
    "placement": "(employee_id, location_id, valid_from, valid_to)"
    " VALUES (:employee, :thing, :day, :day)",
    "leave": "(employee_id, leave_type, start_date, end_date, deadline)"
    " VALUES (:employee, 'annual', :day, :day, :day)",
    "holiday": "(date, name, kind, deducts_annual) VALUES (:day, 'Holiday', 'public', false)",
    "attendance": "(employee_id, work_date, status, check_in_at)"
    " VALUES (:employee, :day, 'present', :day)",
    "permit": "(employee_id, date, start_time, end_time, type)"
    " VALUES (:employee, :day, '09:00', '11:00', 'sick')",
    "ticket": "(title, reported_by_id, first_response_due_at, due_at, status, resolved_at)"
    " VALUES ('Broken', :employee, now(), now(), CAST(:status AS text),"
    " CASE WHEN CAST(:status AS text) = 'resolved' THEN now() END)",
    "asset_config": "(kind, key, name) VALUES ('category', :word, :word)",
    "asset": "(asset_code, name, category_id, status) VALUES (:word, 'Thing', :thing, :status)",
    "asset_assignment": "(asset_id, employee_id, assigned_on) VALUES (:thing, :employee, :day)",
    "asset_maintenance": "(asset_id, type, started_on, completed_on)"
    " VALUES (:thing, 'repair', :day, :day)",
    "asset_reservation": "(asset_id, employee_id, valid_from, valid_to)"
    " VALUES (:thing, :employee, :day, :day)",
    "sale": "(customer_id, sales_person_id, date, total) VALUES (1, :employee, :day, 0)",
    "freelancer": "(name, email) VALUES ('Somebody', :word || '@example.com')",
    "freelance_project": "(freelancer_id, project_name) VALUES (:thing, 'Something')",
    "voucher": "(code, discount_type, discount_value) VALUES (upper(:word), 'fixed', 1)",
    "voucher_redemption": "(voucher_id, order_ref, order_amount, discount, final_amount,"
    " redeemed_by, redeemed_at) VALUES (:thing, :word, 1, 1, 0, 'Somebody', now())",
    "meeting_room": "(name, capacity) VALUES (:word, 10)",
    "meeting_room_booking": "(room_id, organizer_id, title, starts_at, ends_at)"
    # To the end of the day, for no meeting goes on over midnight.
    " VALUES (:thing, :employee, 'Meeting',"
    " least(now(), date_trunc('day', now()) + interval '23:58'),"
    " date_trunc('day', now()) + interval '23:59')",
    "driver": "(name, license_number, username, password_hash) VALUES ('Somebody', :word,"
    " 'driver-' || currval('driver_id_seq'), :hash)",
    "vehicle": "(plate_number, type) VALUES (:word, 'van')",
    "blog": "(title, slug, content, status, published_at, author_id)"
    " VALUES ('Post', :word, 'Text', 'published', now(), :employee)",
    "ad": "(title, placement, start_date, active, author_id)"
    " VALUES ('Ad', 'popup', :day, true, :employee)",
    "training": "(title, status, author_id) VALUES ('Training', 'published', :employee)",
    "career": "(title, content, status, author_id) VALUES ('Page', 'x', 'published', :employee)",
    "vacancy": "(title, type, description, status, author_id)"
    " VALUES ('Job', 'contract', 'x', 'open', :employee)",
    "department_page": "(name) VALUES (:word)",
    "drop_point": "(name, address, latitude, longitude) VALUES (:word, 'Somewhere', 0, 0)",
    "partner": "(name, type) VALUES (:word, 'supplier')",
    "partner_document": "(partner_id, title, kind, fields) VALUES (:thing, 'A', 'b', '{}')",
}
_BRANDING_REQUEST = """
WITH request AS (
    INSERT INTO branding_request (requested_by_id, status, title, category, files, mode)
    VALUES (:requester, :status, 'New Logo', 'logo', '{a}', 'all') RETURNING *
), revision AS (
    INSERT INTO branding_revision
        (request_id, revision, title, category, files, mode, submitted_by, submitted_at)
    SELECT id, 1, title, category, files, mode, 'Somebody', now() FROM request
)
INSERT INTO branding_approver (request_id, revision, employee_id, position)
SELECT id, 1, :approver, 1 FROM request RETURNING request_id
"""

Ids = tuple[int | str, ...]
# Makes the rows of a path for a method; they belong to the employee.
Maker = Callable[[Api, str, str, int], Awaitable[Ids]]


async def new_row(api: Api, table: str, **values: Any) -> int:
    """The id of a new row, stored without an event."""
    number = next(_number)
    values = {
        "manager": None,
        "employee": None,
        "status": None,
        "hash": None,
        "day": date(2000, 1, 1) + timedelta(number),
        "word": f"row-{number}",
    } | values
    statement = statement_of(f'INSERT INTO "{table}" {_INSERT[table]} RETURNING id')
    used = {name: value for name, value in values.items() if f":{name}" in _INSERT[table]}
    name = next(name for name, metadata in models.METADATA.items() if table in metadata.tables)
    return int((await api.app.databases[name].all(statement, **used))[0]["id"])


@lru_cache
def statement_of(sql: str) -> Statement[Any]:
    """Raw SQL, whose `:names` are parameters."""
    return Statement(text(sql))


def _plain(table: str, **values: Any) -> Maker:
    """One row of one table."""

    async def make(api: Api, path: str, method: str, employee: int) -> Ids:
        return (await new_row(api, table, employee=employee, **values),)

    return make


def _below(upper: Maker, table: str) -> Maker:
    """A row of a table that refers to another row."""

    async def make(api: Api, path: str, method: str, employee: int) -> Ids:
        (thing,) = await upper(api, path, method, employee)
        return thing, await new_row(api, table, thing=thing, employee=employee)

    return make


def _period(table: str, thing: str) -> Maker:
    """What an employee is given for a period: the ids are the employee's and the period's."""

    async def make(api: Api, path: str, method: str, employee: int) -> Ids:
        given = await new_row(api, thing)
        return employee, await new_row(api, table, employee=employee, thing=given)

    return make


async def _employee(api: Api, path: str, method: str, employee: int) -> Ids:
    return (employee,)


async def _asset(api: Api, path: str, method: str, employee: int) -> Ids:
    """Held by the employee, unless the path is about handing it out or removing it."""
    category = await new_row(api, "asset_config")
    id_ = await new_row(api, "asset", thing=category, status="active")
    if not path.endswith("/assign") and method != "DELETE":
        await new_row(api, "asset_assignment", thing=id_, employee=employee)
    return (id_,)


async def _ticket(api: Api, path: str, method: str, employee: int) -> Ids:
    """Reported by the employee; one that can be rated if the path is about that."""
    status = "resolved" if path.endswith("/rating") else "open"
    return (await new_row(api, "ticket", employee=employee, status=status),)


async def _branding_request(api: Api, path: str, method: str, employee: int) -> Ids:
    """For `/review` a pending one whose approver the employee is, else one that they asked for and
    are to revise."""
    other = await new_approver(api)
    if path.endswith("/review"):
        values = {"requester": other, "approver": employee, "status": "pending"}
    else:
        values = {"requester": employee, "approver": other, "status": "revision"}
    rows = await api.app.databases.sunshine.all(statement_of(_BRANDING_REQUEST), **values)
    return (int(rows[0]["request_id"]),)


async def _redemption(api: Api, path: str, method: str, employee: int) -> Ids:
    voucher = await new_row(api, "voucher")
    await api.sql("UPDATE voucher SET used = 1 WHERE id = %(id)s", id=voucher)
    return (await new_row(api, "voucher_redemption", thing=voucher),)


async def _booking(api: Api, path: str, method: str, employee: int) -> Ids:
    room = await new_row(api, "meeting_room")
    return (await new_row(api, "meeting_room_booking", thing=room, employee=employee),)


async def _stored_file(api: Api, path: str, method: str, employee: int) -> Ids:
    """What is left of the path, for its `{path:rest}`."""
    folder = path.removeprefix("/api/static/").rpartition("/")[0]
    below = {"": "elsewhere/", "employee": "photo/"}.get(folder, "")
    name = f"{below}file-{next(_number)}.png"
    await api.app.application.storage.write(f"static/{folder}/{name}", b"an image")
    return (name,)


def _named_by(upper: Maker, statement: str, database: str = "sunshine") -> Maker:
    """A file that a row names; the statement has its `:name` and the row's `:id`."""

    async def make(api: Api, path: str, method: str, employee: int) -> Ids:
        *_, row = await upper(api, "", method, employee)
        (name,) = await _stored_file(api, path, method, employee)
        full = path.replace("{path:rest}", str(name))
        await api.app.databases[database].all(statement_of(statement), name=full, id=row)
        return (name,)

    return make


async def _upload(api: Api, path: str, method: str, employee: int) -> Ids:
    name = f"upload-{next(_number)}.txt"
    await api.app.application.storage.write(f"temp/{name}", b"a file")
    await api.sql(
        "INSERT INTO upload (name, user_id, size, ready, sha256, created_at)"
        " VALUES (%(name)s, %(user)s, 6, true, '', now())",
        name=name, user=api.admin.user_id,
    )  # fmt: skip
    return (name,)


async def _part_of_the_docs(api: Api, path: str, method: str, employee: int) -> Ids:
    return ("page.js",)


async def _post(api: Api, path: str, method: str, employee: int) -> Ids:
    """A published one of the employee's, by its id or its address."""
    id_ = await new_row(api, "blog", employee=employee)
    await api.sql(
        "INSERT INTO blog_slug SELECT slug, id FROM blog WHERE id = %(id)s", "cms", id=id_
    )
    await api.sql(
        "INSERT INTO blog_revision SELECT id, 1, title, content, NULL, NULL, '{}', '{}', 'x', now()"
        " FROM blog WHERE id = %(id)s", "cms", id=id_,
    )  # fmt: skip
    if "/slug/" not in path:
        return (id_,)
    [row] = await api.sql("SELECT slug FROM blog WHERE id = %(id)s", "cms", id=id_)
    return (row["slug"],)


async def new_approver(api: Api) -> int:
    """The id of a new employee with an account."""
    employee = await new_row(api, "employee")
    await new_row(api, "users", employee=employee)
    return employee


# By the beginning of a path; the longest that fits.
MAKERS: dict[str, Maker] = {
    "/api/docs/": _part_of_the_docs,
    "/api/users/": _plain("users"),
    "/api/employees/": _employee,
    "/api/employees/{employee_id}/shifts/": _period("employee_shift", "shift"),
    "/api/employees/{employee_id}/placements/": _period("placement", "location"),
    "/api/departments/": _plain("department"),
    "/api/positions/": _plain("position"),
    "/api/shifts/": _plain("shift"),
    "/api/attendance/": _plain("attendance"),
    "/api/attendance/locations/": _plain("location"),
    "/api/leave/": _plain("leave"),
    "/api/leave/balance/": _employee,
    "/api/leave/history/": _employee,
    "/api/leave/holidays/": _plain("holiday"),
    "/api/permit/": _plain("permit"),
    "/api/static/": _stored_file,
    "/api/static/employee/": _named_by(
        _employee, "UPDATE employee SET photo = :name WHERE id = :id RETURNING id"
    ),
    "/api/static/ticketing/": _named_by(
        _ticket, "UPDATE ticket SET attachments = ARRAY[:name] WHERE id = :id RETURNING id"
    ),
    "/api/static/branding-approval/": _named_by(
        _branding_request,
        "UPDATE branding_revision SET files = ARRAY[:name] WHERE request_id = :id RETURNING 1",
    ),
    "/api/static/freelance/": _named_by(
        _plain("freelancer"), "UPDATE freelancer SET portfolio = :name WHERE id = :id RETURNING id"
    ),
    "/api/static/mitra/": _named_by(
        _below(_plain("partner"), "partner_document"),
        "UPDATE partner_document SET files = ARRAY[:name] WHERE id = :id RETURNING id",
        "mitra",
    ),
    "/api/temp/": _upload,
    "/api/tickets/": _ticket,
    "/api/branding-approval/": _branding_request,
    "/api/asset-management/config/": _plain("asset_config"),
    "/api/asset-management/": _asset,
    "/api/asset-management/inventory/{asset_id}/maintenance/": _below(_asset, "asset_maintenance"),
    "/api/asset-management/inventory/{asset_id}/reservations/": _below(_asset, "asset_reservation"),
    "/api/sales/": _plain("sale"),
    "/api/freelance/": _plain("freelancer"),
    "/api/freelance/{freelancer_id}/projects/": _below(_plain("freelancer"), "freelance_project"),
    "/api/onapps/vouchers/": _plain("voucher"),
    "/api/onapps/vouchers/redemptions/": _redemption,
    "/api/meeting-rooms/": _plain("meeting_room"),
    "/api/meeting-rooms/schedule/": _booking,
    "/api/fleet/drivers/": _plain("driver"),
    "/api/fleet/vehicles/": _plain("vehicle"),
    "/api/cms/blog/": _post,
    "/api/cms/ads/": _plain("ad"),
    "/api/cms/training/": _plain("training"),
    "/api/cms/career/": _plain("career"),
    "/api/cms/vacancies/": _plain("vacancy"),
    "/api/cms/department/": _plain("department_page"),
    "/api/cms/droppoint/": _plain("drop_point"),
    "/api/mitra/": _plain("partner"),
    "/api/mitra/{id_}/documents/": _below(_plain("partner"), "partner_document"),
}


async def made_for(api: Api, path: str, method: str, employee: int | None = None) -> Ids:
    """Ids of new rows for a route's path: an employee's, or somebody new's."""
    if "{" not in path:
        return ()
    beginning = _beginning(path)
    employee = employee or await new_row(api, "employee")
    ids = await MAKERS[beginning](api, path, method, employee)
    assert len(ids) == path.count("{"), path
    return ids


def _beginning(path: str) -> str:
    fitting = [beginning for beginning in MAKERS if path.startswith(beginning)]
    if not fitting:
        raise ValueError(f"{path}: say in MAKERS of tests/row_factories.py how its rows are made")
    return max(fitting, key=len)


for _route in handlers.routes:
    if "{" in _route.path:
        _beginning(_route.path)
