"""Every endpoint: a folder or a file per domain, its handlers and then its `routes`."""

from handlers import (
    assets,
    attendance,
    branding_approval,
    cms,
    docs,
    employees,
    files,
    fleet,
    freelance,
    home,
    leave,
    live,
    meeting_rooms,
    mitra,
    onapps,
    permit,
    sales,
    tickets,
    users,
)
from sunshine.web.openapi import tags
from sunshine.web.routes import RouteTable

DOMAINS = (
    home,
    docs,
    users,
    employees,
    attendance,
    branding_approval,
    assets,
    fleet,
    sales,
    freelance,
    onapps,
    tickets,
    leave,
    meeting_rooms,
    live,
    files,
    permit,
    cms,
    mitra,
)

routes = RouteTable(route for domain in DOMAINS for route in domain.routes)
tags.check(routes)
