"""Departments as the public reads of them, which need not be those of HR.

Who sees and changes them: visibility.py. Tables: models/cms.py.
"""

from sqlalchemy import bindparam, func

from models.cms import department_page
from sunshine.database.pages import contains
from sunshine.modules.cms.content import Content
from sunshine.modules.cms.rows import DepartmentPageRow
from sunshine.modules.cms.schemas import DEPARTMENT_FILTERS
from sunshine.modules.cms.visibility import PUBLISHERS, Rights

department_pages = Content(
    department_page,
    "Department page",
    Rights(
        editors=PUBLISHERS,
        visible=department_page.c.active.is_(True),
        state="active",
        draft=False,
        public=True,
    ),
    fields={
        "name": department_page.c.name,
        "content": department_page.c.content,
        "logo": department_page.c.logo,
        "departmentId": department_page.c.department_id,
        "active": department_page.c.active,
    },
    defaults={"active": True},
    schema=DEPARTMENT_FILTERS,
    filters={
        "active": department_page.c.active == bindparam("active"),
        "departmentId": department_page.c.department_id == bindparam("departmentId"),
        "search": contains(func.lower(department_page.c.name)),
    },
    sort={"name": department_page.c.name},
    row=DepartmentPageRow,
)
