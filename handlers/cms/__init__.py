"""Every kind of content. Rules: sunshine/modules/cms."""

from handlers.cms import ads, blog, careers, department_pages, drop_points, trainings, vacancies

routes = [
    *blog.routes,
    *ads.routes,
    *trainings.routes,
    *careers.routes,
    *vacancies.routes,
    *department_pages.routes,
    *drop_points.routes,
]
