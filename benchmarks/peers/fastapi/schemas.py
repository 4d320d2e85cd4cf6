"""What comes in and what goes out, as pydantic models with the API's camelCase names."""

import datetime as dt
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints
from pydantic.alias_generators import to_camel

Text = Annotated[str, StringConstraints(min_length=1, max_length=200)]
Email = Annotated[
    str, StringConstraints(max_length=254, pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$")
]
Phone = Annotated[str, StringConstraints(min_length=1, max_length=32)]
# A related row is shown by its name.
Name = Annotated[str | None, BeforeValidator(lambda row: getattr(row, "name", row))]


class Camel(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, from_attributes=True)


class EmployeeIn(Camel):
    model_config = ConfigDict(extra="forbid")

    name: Text
    email: Email | None = None
    position: Text | None = None
    department: Text | None = None
    phone: Phone | None = None
    join_date: dt.date | None = None


class EmployeeOut(Camel):
    id: int
    name: str
    email: str | None
    employee_code: str | None
    position: Name
    position_id: int | None
    department: Name
    department_id: int | None
    manager: Name
    manager_id: int | None
    phone: str | None
    join_date: dt.date | None
    status: str
    photo: str | None
    timezone: str | None
    created_at: dt.datetime
    updated_at: dt.datetime


class Pagination(Camel):
    page: int
    per_page: int
    total: int
    total_pages: int


class EmployeePage(Camel):
    success: bool = True
    data: list[EmployeeOut]
    pagination: Pagination


class EmployeeAnswer(Camel):
    success: bool = True
    data: EmployeeOut


class EmployeeCreated(EmployeeAnswer):
    message: str = "Employee created"


class Paging(Camel):
    page: int = Field(1, ge=1)
    limit: int = Field(20, ge=1, le=100)
