"""The rows that the statements of freelance return."""

import datetime as dt
from decimal import Decimal
from typing import TypedDict


class PublicFreelancerRow(TypedDict):
    """A freelancer as everybody who may list freelancers sees them."""

    id: int
    name: str
    skills: list[str]
    portfolio: str | None
    phone: str | None
    status: str
    notes: str | None
    createdAt: dt.datetime
    updatedAt: dt.datetime


class FreelancerRow(PublicFreelancerRow):
    """A freelancer in full."""

    email: str
    hourlyRate: Decimal | None


class FreelancerStatusRow(TypedDict):
    """Whether a freelancer, who is locked, is active."""

    id: int
    status: str


class ProjectRow(TypedDict):
    """A freelancer's project; `budgetLeft` is null without a budget."""

    id: int
    freelancerId: int
    projectName: str
    description: str | None
    deadline: dt.date | None
    budget: Decimal | None
    budgetUsed: Decimal
    status: str
    budgetLeft: Decimal | None
    createdAt: dt.datetime
    updatedAt: dt.datetime
