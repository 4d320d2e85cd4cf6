"""Content of the website: what is public, who writes it. Guide: docs/cms.md.

content.py           what all kinds share: listing, creating, changing, deleting
visibility.py        who may see and change what
blog.py              posts and their revisions
slugs.py             the slugs of posts
ads.py               advertisements
trainings.py         training materials
careers.py           career pages
vacancies.py         open jobs
department_pages.py  departments as the public reads of them
drop_points.py       drop points and their opening hours
html.py              the sanitising of HTML
cache.py             pages of posts cached in memory
import_export.py     all content as lines of JSON
rows.py              what the statements return
schemas.py           payloads
"""
