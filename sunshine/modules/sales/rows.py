"""The rows that the statements of sales return.

Numbers inside a JSON column (items, the sums of a report) come as int or float.
"""

import datetime as dt
from decimal import Decimal
from typing import NotRequired, TypedDict


class SaleItemRow(TypedDict):
    """One line of a sale; `amount` is quantity times price."""

    productId: int
    quantity: int
    price: float
    amount: float


class SaleRow(TypedDict):
    """A sale with its items and the name of the employee who sold it."""

    id: int
    customerId: int
    total: Decimal
    salesPerson: int
    date: dt.date
    notes: str | None
    salesPersonName: str
    items: list[SaleItemRow]
    status: str
    voidReason: str | None
    voidedAt: dt.datetime | None
    voidedBy: str | None
    createdAt: dt.datetime
    updatedAt: dt.datetime


class _Sum(TypedDict):
    count: int
    total: float


class PersonSum(_Sum):
    """What one employee sold."""

    salesPerson: int
    name: str


class CustomerSum(_Sum):
    """What one customer bought."""

    customerId: int


class ProductSum(_Sum):
    """What was sold of one product; `count` is the number of lines."""

    productId: int
    quantity: int


class DaySum(_Sum):
    """What was sold on one day."""

    date: str


class ReportRow(TypedDict):
    """The sums of a period."""

    totalSales: Decimal
    count: int
    average: Decimal
    bySalesPerson: list[PersonSum]
    byCustomer: list[CustomerSum]
    byProduct: list[ProductSum]
    byDay: list[DaySum]


class ReportLine(TypedDict):
    """One sum of a report as a line of a spreadsheet."""

    by: str
    key: NotRequired[int | str]
    name: NotRequired[str]
    count: int
    quantity: NotRequired[int]
    total: Decimal | float
