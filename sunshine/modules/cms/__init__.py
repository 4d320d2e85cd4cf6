"""Content: what is public, who writes, what may be kept. Guide: docs/cms.md.

content.py           every kind: found, listed, made, changed, deleted
visibility.py        who may see and change what
blog.py              posts, their addresses and revisions
ads.py               advertisements
trainings.py         training materials
careers.py           pages about working here
vacancies.py         open jobs
department_pages.py  departments as the public reads of them
drop_points.py       drop points and their opening hours
html.py              HTML made safe to show
cache.py             pages of posts kept in memory
import_export.py     all content as lines of JSON
schemas.py           payloads
"""
