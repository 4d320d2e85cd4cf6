"""Advertisements: public while they are active, from their first day through their last.

Who sees and changes them: visibility.py. Tables: models/cms.py.
"""

from sqlalchemy import Date, and_, bindparam, func, or_

from models.cms import ad
from sunshine.core.errors import Invalid, violations
from sunshine.database.pages import contains
from sunshine.modules.cms.content import Content
from sunshine.modules.cms.rows import AdRow
from sunshine.modules.cms.schemas import AD_FILTERS
from sunshine.modules.cms.visibility import PUBLISHERS, Rights

violations({"ad_window_check": Invalid.field("endDate", "must not be before startDate")})

_TODAY = bindparam("today", type_=Date)

ads = Content(
    ad,
    "Advertisement",
    Rights(
        editors=PUBLISHERS,
        visible=and_(
            ad.c.active,
            ad.c.start_date <= _TODAY,
            or_(ad.c.end_date.is_(None), ad.c.end_date >= _TODAY),
        ),
        state="active",
        draft=False,
        public=True,
        author=ad.c.author_id,
    ),
    fields={
        "title": ad.c.title,
        "image": ad.c.image,
        "link": ad.c.link,
        "placement": ad.c.placement,
        "startDate": ad.c.start_date,
        "endDate": ad.c.end_date,
        "active": ad.c.active,
    },
    defaults={"active": False},
    schema=AD_FILTERS,
    filters={
        "active": ad.c.active == bindparam("active"),
        "placement": ad.c.placement == bindparam("placement"),
        "search": contains(func.lower(ad.c.title)),
    },
    sort={"title": ad.c.title, "startDate": ad.c.start_date, "endDate": ad.c.end_date},
    row=AdRow,
)
