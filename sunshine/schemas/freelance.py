"""Payloads of /api/freelance."""

from sunshine.schemas.fields import Schema, changes, choice, date, email, list_of, money, text

FILTERS: Schema = {
    "status": choice("active", "inactive"),
    "skill": text(50),
    "search": text(100),
}
CREATE: Schema = {
    "name": text(200, required=True),
    "email": email(required=True),
    "skills": list_of(text(50, empty=False), 50, check_with="distinct"),
    "hourlyRate": money(nullable=True),
    "portfolio": text(2048, nullable=True, regex=r"https?://\S+"),
    "phone": text(50, nullable=True),
    "status": choice("active", "inactive"),
    "notes": text(2000, nullable=True),
}
CHANGE = changes(CREATE)

PROJECT_FILTERS: Schema = {"status": choice("planned", "active", "done", "cancelled")}
CREATE_PROJECT: Schema = {
    "projectName": text(200, required=True),
    "description": text(5000, nullable=True),
    "deadline": date(nullable=True),
    "budget": money(nullable=True),
    "budgetUsed": money(),
    "status": choice("planned", "active", "done", "cancelled"),
}
CHANGE_PROJECT = changes(CREATE_PROJECT)
