"""Pages about working here, which do not end; open jobs are vacancies (cms_vacancies.py).

Who sees and changes what: cms_policy.py. Tables: models/cms.py.
"""

from sqlalchemy import bindparam, func

from models.cms import career
from sunshine.listing import contains
from sunshine.rules.cms import Content
from sunshine.rules.cms_policy import RECRUITERS, Rights
from sunshine.schemas.cms import PAGE_FILTERS

careers = Content(
    career,
    "Career page",
    Rights(
        keepers=RECRUITERS,
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
)
