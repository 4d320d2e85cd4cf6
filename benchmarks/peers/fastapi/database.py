"""Tables as ORM classes, the engine, and one session per request."""

import datetime as dt
import os
from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import Depends
from sqlalchemy import URL, BigInteger, DateTime, ForeignKey, Identity, func
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

engine = create_async_engine(
    URL.create(
        "postgresql+asyncpg",
        username=os.environ["PG_SUNSHINE_USER"],
        host=os.environ["PG_SUNSHINE_HOST"],
        port=int(os.environ["PG_SUNSHINE_PORT"]),
        database=os.environ["PG_SUNSHINE_DB"],
    ),
    pool_size=int(os.environ["PG_SUNSHINE_MAX_POOL"]),
    max_overflow=0,
)
sessions = async_sessionmaker(engine, expire_on_commit=False)


async def session() -> AsyncIterator[AsyncSession]:
    async with sessions() as opened:
        yield opened


Session = Annotated[AsyncSession, Depends(session)]


class Base(DeclarativeBase):
    type_annotation_map = {dt.datetime: DateTime(timezone=True), dict[str, Any]: JSONB}


class Row:
    id: Mapped[int] = mapped_column(primary_key=True)
    created_at: Mapped[dt.datetime] = mapped_column(server_default=func.now())
    updated_at: Mapped[dt.datetime] = mapped_column(server_default=func.now())
    deleted_at: Mapped[dt.datetime | None]


class Department(Row, Base):
    __tablename__ = "department"

    name: Mapped[str]


class Position(Row, Base):
    __tablename__ = "position"

    name: Mapped[str]


class Employee(Row, Base):
    __tablename__ = "employee"
    __mapper_args__ = {"eager_defaults": True}

    name: Mapped[str]
    email: Mapped[str | None]
    employee_code: Mapped[str | None]
    phone: Mapped[str | None]
    position_id: Mapped[int | None] = mapped_column(ForeignKey("position.id"))
    department_id: Mapped[int | None] = mapped_column(ForeignKey("department.id"))
    manager_id: Mapped[int | None] = mapped_column(ForeignKey("employee.id"))
    join_date: Mapped[dt.date | None]
    status: Mapped[str] = mapped_column(server_default="active")
    photo: Mapped[str | None]
    timezone: Mapped[str | None]

    position: Mapped[Position | None] = relationship()
    department: Mapped[Department | None] = relationship()
    manager: Mapped["Employee | None"] = relationship(remote_side="Employee.id")


class AuditEvent(Base):
    __tablename__ = "event"

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    at: Mapped[dt.datetime]
    type: Mapped[str]
    entity: Mapped[str]
    entity_id: Mapped[int | None]
    actor_type: Mapped[str]
    actor_id: Mapped[int | None]
    actor_name: Mapped[str]
    request_id: Mapped[str | None]
    after: Mapped[dict[str, Any] | None]
