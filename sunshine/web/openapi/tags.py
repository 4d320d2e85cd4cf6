"""The parts of the API, a line of text each; a part without one fails at import."""

from collections.abc import Iterable

from sunshine.web.routes import Route

TAGS = {
    "docs": "The page that shows this description.",
    "openapi.json": "This description.",
    "server": "The state of the server.",
    "auth": "Signing in and out, and the own account.",
    "users": "Accounts with their roles and additional permissions.",
    "employees": "Employees, their shifts and placements.",
    "departments": "Departments.",
    "positions": "Positions.",
    "shifts": "Shifts: when people work.",
    "attendance": "Check-in and check-out, allowed locations, corrections, the monthly report.",
    "leave": "Applications, approval, balances with their ledger, holidays, the calendar.",
    "permit": "A few hours off: applications and approval.",
    "asset-management": "Assets: inventory, assignments, tracking, maintenance.",
    "fleet": "Drivers, who have their own sign-in, vehicles, and their locations.",
    "tickets": "Help desk tickets with comments, deadlines and watchers.",
    "meeting-rooms": "Rooms, bookings, and free times.",
    "branding-approval": "Designs that named approvers review, revision by revision.",
    "sales": "Sales and their totals.",
    "freelance": "Freelancers and their projects.",
    "onapps": "The customers' apps: settings and vouchers.",
    "cms": "Content of the websites: posts, ads, vacancies, drop points and more.",
    "mitra": "Partners, and their documents of any shape.",
    "upload": "Uploads, kept for a day until they are fetched or claimed by a row.",
    "temp": "Uploaded files, each fetched once.",
    "static": "Stored files.",
    "events": "The audit trail.",
    "sockets": "Live events. The protocol: docs/sockets.md.",
}


def tag(path: str) -> str:
    """Return the part of the API that a path belongs to: what follows `/api/`."""
    parts = path.strip("/").split("/")
    if parts[0] == "ws":
        return "sockets"
    return parts[1] if parts[0] == "api" else "server"


def check(routes: Iterable[Route]) -> None:
    """Raise ValueError for a route whose part of the API has no text."""
    for route in routes:
        if tag(route.path) not in TAGS:
            raise ValueError(
                f"{route.path}: say what `{tag(route.path)}` is in TAGS of"
                " sunshine/web/openapi/tags.py"
            )
