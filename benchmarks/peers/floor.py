"""The floor: the three benchmarked endpoints in bare Tornado and psycopg, and nothing else."""

import asyncio
import os
from typing import Any

import msgspec
from psycopg import AsyncConnection
from psycopg.conninfo import make_conninfo
from psycopg.rows import DictRow, dict_row
from psycopg.types.json import Jsonb, set_json_dumps
from psycopg_pool import AsyncConnectionPool
from tornado.web import Application, RequestHandler

Pool = AsyncConnectionPool[AsyncConnection[DictRow]]

FIELDS = """e.id, e.name, e.email, e.employee_code AS "employeeCode", p.name AS position,
    e.position_id AS "positionId", d.name AS department, e.department_id AS "departmentId",
    m.name AS manager, e.manager_id AS "managerId", e.phone, e.join_date AS "joinDate", e.status,
    e.photo, e.timezone, e.created_at AS "createdAt", e.updated_at AS "updatedAt\""""
NAMES = """LEFT JOIN position p ON p.id = e.position_id
    LEFT JOIN department d ON d.id = e.department_id
    LEFT JOIN employee m ON m.id = e.manager_id"""
LIST = f"""SELECT {FIELDS}, (
    SELECT count(*) FROM (SELECT FROM employee WHERE deleted_at IS NULL LIMIT 10001) AS counted
) AS total FROM employee e {NAMES}
WHERE e.deleted_at IS NULL ORDER BY e.id LIMIT %s OFFSET %s"""
GET = f"SELECT {FIELDS} FROM employee e {NAMES} WHERE e.id = %s AND e.deleted_at IS NULL"
FIND = """SELECT
    (SELECT id FROM position WHERE lower(name) = lower(%(position)s) AND deleted_at IS NULL)
        AS position_id,
    (SELECT id FROM department WHERE lower(name) = lower(%(department)s) AND deleted_at IS NULL)
        AS department_id"""
CREATE = f"""WITH e AS (
    INSERT INTO employee (name, email, phone, join_date, position_id, department_id)
    VALUES (%(name)s, %(email)s, %(phone)s, %(joinDate)s, %(position_id)s, %(department_id)s)
    RETURNING *
) SELECT {FIELDS} FROM e {NAMES}"""
EVENT = """INSERT INTO event (at, type, entity, entity_id, actor_type, actor_name, after)
    VALUES (now(), 'employee_created', 'employee', %s, 'user', 'floor', %s)"""


class Base(RequestHandler):
    """Answers JSON; shares the pool."""

    @property
    def pool(self) -> Pool:
        pool: Pool = self.application.settings["pool"]
        return pool

    def reply(self, answer: dict[str, Any], status: int = 200) -> None:
        self.set_status(status)
        self.set_header("Content-Type", "application/json")
        self.finish(msgspec.json.encode({"success": True, **answer}))

    def compute_etag(self) -> None:
        """No API answer is cached, so none is hashed."""


class Root(Base):
    """Tells that the process is up."""

    def get(self) -> None:
        self.reply({"message": "sunshine"})


class Employees(Base):
    """A page of employees; a new one."""

    async def get(self) -> None:
        page, limit = int(self.get_query_argument("page")), int(self.get_query_argument("limit"))
        async with self.pool.connection() as connection:
            cursor = await connection.execute(LIST, [limit, (page - 1) * limit])
            rows = await cursor.fetchall()
        total = rows[0]["total"]
        for row in rows:
            del row["total"]
        paging = {"page": page, "perPage": limit, "total": total, "totalPages": -(-total // limit)}
        self.reply({"data": rows, "pagination": paging})

    async def post(self) -> None:
        body = msgspec.json.decode(self.request.body, type=dict[str, Any])
        async with self.pool.connection() as connection, connection.transaction():
            cursor = await connection.execute(FIND, body)
            cursor = await connection.execute(CREATE, body | (await cursor.fetchone() or {}))
            row = await cursor.fetchone() or {}
            await connection.execute(EVENT, [row["id"], Jsonb(row)])
        self.reply({"data": row, "message": "Employee created"}, status=201)


class Employee(Base):
    """One employee."""

    async def get(self, employee_id: str) -> None:
        async with self.pool.connection() as connection:
            cursor = await connection.execute(GET, [employee_id])
            row = await cursor.fetchone()
        self.reply({"data": row})


def make_pool() -> Pool:
    """As many connections as the peers have, each statement its own transaction unless told."""
    env = os.environ
    return AsyncConnectionPool(
        make_conninfo(
            host=env["PG_SUNSHINE_HOST"],
            port=env["PG_SUNSHINE_PORT"],
            user=env["PG_SUNSHINE_USER"],
            dbname=env["PG_SUNSHINE_DB"],
            options="-c timezone=UTC",
        ),
        connection_class=AsyncConnection[DictRow],
        min_size=int(env["PG_SUNSHINE_MIN_POOL"]),
        max_size=int(env["PG_SUNSHINE_MAX_POOL"]),
        open=False,
        kwargs={"autocommit": True, "row_factory": dict_row},
    )


async def main() -> None:
    """Serve until killed."""
    set_json_dumps(msgspec.json.encode)
    async with make_pool() as pool:
        routes = [("/", Root), ("/api/employees", Employees), (r"/api/employees/(\d+)", Employee)]
        app = Application(routes, pool=pool, log_function=lambda _: None)
        app.listen(int(os.environ["SERVER_PORT"]), "127.0.0.1")
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
