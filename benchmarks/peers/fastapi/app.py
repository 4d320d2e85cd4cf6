"""The three benchmarked endpoints on FastAPI and the SQLAlchemy ORM over asyncpg."""

import datetime as dt
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, TypeVar

from auth import Reader, User, Writer
from database import AuditEvent, Department, Employee, Position, Session, engine
from fastapi import FastAPI, HTTPException, Path, Query, Request
from fastapi.middleware.cors import CORSMiddleware
from fastapi.responses import JSONResponse
from schemas import (
    EmployeeAnswer,
    EmployeeCreated,
    EmployeeIn,
    EmployeeOut,
    EmployeePage,
    Pagination,
    Paging,
)
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload


@asynccontextmanager
async def lifespan(_: FastAPI) -> AsyncIterator[None]:
    yield
    await engine.dispose()


app = FastAPI(lifespan=lifespan)
app.add_middleware(
    CORSMiddleware,
    allow_origins=os.environ["CORS_ORIGINS"].split(","),
    allow_credentials=True,
    allow_methods=["*"],
)

Named = TypeVar("Named", Position, Department)
Id = Annotated[int, Path(ge=1, le=2147483647)]
EMPLOYEES = (
    select(Employee)
    .options(
        joinedload(Employee.position).load_only(Position.name),
        joinedload(Employee.department).load_only(Department.name),
        joinedload(Employee.manager).load_only(Employee.name),
    )
    .where(Employee.deleted_at.is_(None))
)


@app.exception_handler(HTTPException)
async def refused(_: Request, error: HTTPException) -> JSONResponse:
    return JSONResponse({"success": False, "message": error.detail}, error.status_code)


@app.get("/")
async def root() -> dict[str, str]:
    return {"message": "sunshine"}


@app.get("/api/employees")
async def list_employees(
    paging: Annotated[Paging, Query()], session: Session, _: Reader
) -> EmployeePage:
    total = await session.scalar(
        select(func.count()).select_from(Employee).where(Employee.deleted_at.is_(None))
    )
    rows = await session.scalars(
        EMPLOYEES.order_by(Employee.id)
        .limit(paging.limit)
        .offset((paging.page - 1) * paging.limit)
    )
    return EmployeePage(
        data=[EmployeeOut.model_validate(row) for row in rows],
        pagination=Pagination(
            page=paging.page,
            per_page=paging.limit,
            total=total or 0,
            total_pages=-(-(total or 0) // paging.limit),
        ),
    )


@app.get("/api/employees/{employee_id}")
async def get_employee(employee_id: Id, session: Session, _: Reader) -> EmployeeAnswer:
    employee = await session.scalar(EMPLOYEES.where(Employee.id == employee_id))
    if employee is None:
        raise HTTPException(404, "Employee not found")
    return EmployeeAnswer(data=EmployeeOut.model_validate(employee))


async def named(
    session: AsyncSession, kind: type[Named], name: str | None
) -> Named | None:
    if name is None:
        return None
    row = await session.scalar(
        select(kind).where(func.lower(kind.name) == name.lower(), kind.deleted_at.is_(None))
    )
    if row is None:
        row = kind(name=name)
        session.add(row)
    return row


async def store(session: AsyncSession, body: EmployeeIn, user: User) -> EmployeeOut:
    employee = Employee(
        **body.model_dump(exclude={"position", "department"}),
        position=await named(session, Position, body.position),
        department=await named(session, Department, body.department),
    )
    session.add(employee)
    await session.flush()
    data = EmployeeOut.model_validate(employee)
    session.add(
        AuditEvent(
            at=dt.datetime.now(dt.UTC),
            type="employee_created",
            entity="employee",
            entity_id=employee.id,
            actor_type="user",
            actor_id=user["id"],
            actor_name=user["username"],
            after=data.model_dump(mode="json", by_alias=True),
        )
    )
    return data


@app.post("/api/employees", status_code=201)
async def create_employee(body: EmployeeIn, session: Session, user: Writer) -> EmployeeCreated:
    try:
        async with session.begin():
            data = await store(session, body, user)
    except IntegrityError:
        raise HTTPException(409, "Email is taken") from None
    return EmployeeCreated(data=data)
