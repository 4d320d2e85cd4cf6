"""Vacancies: public while they are open, through their closing date; then they read as closed.

Who sees and changes them: visibility.py. Tables: models/cms.py.
"""

from sqlalchemy import Date, Text, and_, bindparam, case, func, or_

from models.cms import vacancy
from sunshine.database.pages import contains
from sunshine.modules.cms.content import Content
from sunshine.modules.cms.rows import VacancyRow
from sunshine.modules.cms.schemas import VACANCY_FILTERS
from sunshine.modules.cms.visibility import RECRUITERS, Rights

_v = vacancy.c
_TODAY = bindparam("today", type_=Date)
_IN_TIME = or_(_v.closing_date.is_(None), _v.closing_date >= _TODAY)
_STATUS = case((and_(_v.status == "open", ~_IN_TIME), "closed"), else_=_v.status)

vacancies = Content(
    vacancy,
    "Vacancy",
    Rights(
        editors=RECRUITERS,
        visible=and_(_v.status == "open", _IN_TIME),
        state="status",
        draft="draft",
        public="open",
        author=_v.author_id,
    ),
    fields={
        "title": _v.title,
        "department": _v.department,
        "location": _v.location,
        "type": _v.type,
        "description": _v.description,
        "requirements": _v.requirements,
        "salary": _v.salary,
        "closingDate": _v.closing_date,
        "status": _v.status,
    },
    shown={"status": _STATUS},
    defaults={"status": "draft", "requirements": []},
    schema=VACANCY_FILTERS,
    filters={
        "status": bindparam("status", type_=Text) == _STATUS,
        "type": _v.type == bindparam("type"),
        "department": func.lower(_v.department) == func.lower(bindparam("department")),
        "search": contains(func.lower(_v.title)),
    },
    sort={"title": _v.title, "closingDate": _v.closing_date},
    row=VacancyRow,
)
