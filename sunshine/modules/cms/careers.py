"""Career pages: about working here, without an end; open jobs are vacancies (vacancies.py).

Who sees and changes them: visibility.py. Tables: models/cms.py.
"""

from sqlalchemy import bindparam, func

from models.cms import career
from sunshine.database.pages import contains
from sunshine.modules.cms.content import Content
from sunshine.modules.cms.rows import CareerRow
from sunshine.modules.cms.schemas import PAGE_FILTERS
from sunshine.modules.cms.visibility import RECRUITERS, Rights

careers = Content(
    career,
    "Career page",
    Rights(
        editors=RECRUITERS,
        visible=career.c.status == "published",
        state="status",
        draft="draft",
        public="published",
        author=career.c.author_id,
    ),
    fields={
        "title": career.c.title,
        "content": career.c.content,
        "image": career.c.image,
        "status": career.c.status,
    },
    defaults={"status": "draft"},
    schema=PAGE_FILTERS,
    filters={
        "status": career.c.status == bindparam("status"),
        "search": contains(func.lower(career.c.title)),
    },
    sort={"title": career.c.title},
    row=CareerRow,
)
