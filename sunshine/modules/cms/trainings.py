"""Training materials, for employees only. Who sees and changes them: visibility.py."""

from sqlalchemy import bindparam, func

from models.cms import training
from sunshine.database.pages import contains
from sunshine.modules.cms.content import Content
from sunshine.modules.cms.rows import TrainingRow
from sunshine.modules.cms.schemas import TRAINING_FILTERS
from sunshine.modules.cms.visibility import RECRUITERS, Rights

trainings = Content(
    training,
    "Training",
    Rights(
        editors=RECRUITERS,
        visible=training.c.status == "published",
        state="status",
        draft="draft",
        public="published",
        author=training.c.author_id,
    ),
    fields={
        "title": training.c.title,
        "content": training.c.content,
        "category": training.c.category,
        "files": training.c.files,
        "status": training.c.status,
    },
    defaults={"status": "draft", "files": []},
    schema=TRAINING_FILTERS,
    filters={
        "status": training.c.status == bindparam("status"),
        "category": func.lower(training.c.category) == func.lower(bindparam("category")),
        "search": contains(func.lower(training.c.title)),
    },
    sort={"title": training.c.title},
    row=TrainingRow,
)
