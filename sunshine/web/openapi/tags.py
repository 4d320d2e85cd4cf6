"""The parts of the API, a line of words each: where a new one is missing, the import says so."""

from collections.abc import Iterable

from sunshine.web.routes import Route

TAGS = {
    "docs": "The page that shows this description.",
    "openapi.json": "This description.",
    "server": "Whether the server is there, and ready.",
    "auth": "Signing in and out, and who one is.",
    "users": "Accounts: who signs in, with which role and which extra permissions.",
    "employees": "Employees, the shifts they work, the places they are placed at.",
    "departments": "Departments.",
    "positions": "Positions.",
    "shifts": "Shifts: when people work.",
    "attendance": "Coming and leaving, where that is allowed, corrections, the monthly report.",
    "leave": "Applications, approval, balances with their ledger, holidays, the calendar.",
    "permit": "Some hours of a day off: applications and approval.",
    "asset-management": "What the company owns: inventory, who holds it, where it is, its repair.",
    "fleet": "Drivers, who sign in by themselves, vehicles, and where they are.",
    "tickets": "Problems and their solution, with comments, deadlines and watchers.",
    "meeting-rooms": "Rooms, who has booked them, when they are free.",
    "branding-approval": "Designs that named approvers look at, revision by revision.",
    "sales": "What was sold, by whom, to whom, and the sums.",
    "freelance": "Freelancers and their projects.",
    "onapps": "The customers' apps: settings and vouchers.",
    "cms": "Content of the websites: posts, ads, vacancies, drop points and more.",
    "mitra": "Partners, and their documents of any shape.",
    "upload": "Files that wait for a day to be fetched, or named by a row.",
    "temp": "Uploaded files, each fetched once.",
    "static": "Stored files.",
    "events": "The audit trail.",
    "sockets": "What happens, as it happens. The protocol: docs/sockets.md.",
}


def tag(path: str) -> str:
    """The part of the API that a path belongs to: what follows `/api/`."""
    parts = path.strip("/").split("/")
    if parts[0] == "ws":
        return "sockets"
    return parts[1] if parts[0] == "api" else "server"


def check(routes: Iterable[Route]) -> None:
    """ValueError for a route whose part of the API has no words."""
    for route in routes:
        if tag(route.path) not in TAGS:
            raise ValueError(
                f"{route.path}: say what `{tag(route.path)}` is in TAGS of"
                " sunshine/web/openapi/tags.py"
            )
