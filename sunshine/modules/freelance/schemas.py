"""Payloads of /api/freelance."""

from sunshine.core.fields import (
    Schema,
    changes,
    choice,
    date,
    email,
    list_of,
    money,
    number,
    prose,
    row_id,
    text,
)
from sunshine.core.shapes import optional_fields, resource_shape, response_fields

FILTERS: Schema = {
    "status": choice("active", "inactive"),
    "skill": text(50),
    "search": text(100),
}
CREATE: Schema = {
    "name": text(200, required=True, example="Jane Freelancer"),
    "email": email(required=True, example="jane@example.com"),
    "skills": list_of(
        text(50, empty=False), 50, check_with="distinct", example=["design", "video editing"]
    ),
    "hourlyRate": money(nullable=True, example=50),
    "portfolio": text(
        2048, nullable=True, regex=r"https?://\S+", example="https://portfolio.example.com"
    ),
    "phone": text(50, nullable=True),
    "status": choice("active", "inactive"),
    "notes": prose(2000, nullable=True),
}
CHANGE = changes(CREATE)

PROJECT_FILTERS: Schema = {"status": choice("planned", "active", "done", "cancelled")}
CREATE_PROJECT: Schema = {
    "projectName": text(200, required=True, example="Website Redesign"),
    "description": prose(5000, nullable=True, example="Redesign company website"),
    "deadline": date(nullable=True, example="2024-03-01"),
    "budget": money(nullable=True, example=5000),
    "budgetUsed": money(),
    "status": choice("planned", "active", "done", "cancelled"),
}
CHANGE_PROJECT = changes(CREATE_PROJECT)

# What is shown of a freelancer to those who do not manage them; the rest to managers only.
PUBLIC = ("name", "skills", "portfolio", "phone", "status", "notes")
_CONFIDENTIAL = {name: field for name, field in CREATE.items() if name not in PUBLIC}
FREELANCER = resource_shape(
    "Freelancer",
    {name: CREATE[name] for name in PUBLIC},
    **optional_fields(response_fields(_CONFIDENTIAL)),
)
PROJECT = resource_shape(
    "FreelanceProject",
    CREATE_PROJECT,
    freelancerId=row_id(),
    budgetLeft=number(-1e12, 1e12, nullable=True),
)
