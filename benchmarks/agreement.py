"""Refuses to compare servers that do not do the same work: the same answers, events and logs."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from benchmarks.cluster import FLEET, Cluster
from benchmarks.processes import BenchmarkError
from benchmarks.scenarios import SCENARIOS
from benchmarks.servers import SERVERS, Running

ASKED = ("/api/employees?page=3&limit=20", "/api/employees/4321")


@dataclass(frozen=True)
class Made:
    """A body that a scenario sends, how it is answered, and where its event is."""

    body: Any
    status: int = 201
    database: str = "sunshine_db"


POINT = {"latitude": -6.2088, "longitude": 106.8456, "timestamp": "2024-01-15T10:30:00Z"}
# What is made, by scenario.
MADE = {
    "create": Made(
        {
            "name": "John Doe",
            "email": "john@example.com",
            "position": "Developer",
            "department": "IT",
            "phone": "+1234567890",
            "joinDate": "2024-01-01",
        }
    ),
    "checkin": Made(
        {
            "employeeId": 4321,
            "location": {"latitude": -6.2088, "longitude": 106.8456},
            "photo": "base64_photo_string",
            "timestamp": "2024-01-15T08:00:00Z",
        }
    ),
    "booking": Made(
        {
            "roomId": 5,
            "title": "Team Standup",
            "date": "2024-01-15",
            "startTime": "09:00",
            "endTime": "10:00",
            "attendees": [123, 456, 789],
            "description": "Daily team standup meeting",
        }
    ),
    "point": Made(POINT, 200, FLEET),
    # Out of order, and one faster than anything drives.
    "burst": Made(
        [
            POINT | {"timestamp": f"2024-01-15T10:30:{second:02}Z", "latitude": latitude}
            for second, latitude in ((3, -6.2088), (1, -6.2087), (2, 40.0))
        ],
        200,
        FLEET,
    ),
}
# Differs by itself from one to the next.
OWN = {"id", "createdAt", "updatedAt", "checkInRecordedAt"}
INSTANTS = {
    "createdAt", "updatedAt", "checkIn", "checkInRecordedAt", "startsAt", "endsAt", "publishedAt",
}  # fmt: skip


class Agreement:
    """Compares every server with the first one that was asked the same."""

    def __init__(self, cluster: Cluster, employees: int) -> None:
        self._cluster = cluster
        self._employees = employees
        self._first: dict[str, tuple[str, dict[str, Any]]] = {}

    def check(self, server: Running) -> None:
        """BenchmarkError, with the first difference, when the server answers otherwise."""
        asked = [*ASKED]
        if (blog := SCENARIOS["blog"]).is_for(server.name):
            asked.append(blog.path)
        answers = {f"GET {path}": _ask(server, path, None, 200) for path in asked}
        for name, made in MADE.items():
            if (scenario := SCENARIOS[name]).is_for(server.name):
                answers[f"{name}: POST {scenario.path}"] = self._made(server, scenario.path, made)
        if SERVERS[server.name].logs and ASKED[1] not in server.log.read_text(errors="replace"):
            raise BenchmarkError(f"{server.name} does not log its requests: {server.log}")
        for what, answer in answers.items():
            name, expected = self._first.setdefault(what, (server.name, answer))
            if found := _difference(answer, expected):
                raise BenchmarkError(f"{what}: {server.name} and {name} differ: {found}")

    def _made(self, server: Running, path: str, made: Made) -> dict[str, Any]:
        before = self._cluster.events(made.database)
        answer = _ask(server, path, json.dumps(made.body).encode(), made.status)
        events = self._cluster.events(made.database) - before
        self._cluster.sweep(self._employees)
        if events != 1:
            raise BenchmarkError(f"{server.name} recorded {events} events at {path}, not 1")
        answer["data"] = {k: v for k, v in answer["data"].items() if k not in OWN}
        return answer


def _ask(server: Running, path: str, body: bytes | None, status: int) -> dict[str, Any]:
    found, text = server.request(path, body)
    if found != status:
        raise BenchmarkError(f"{server.name} answers {found} to {path}: {text[:500].decode()}")
    # Ours says where a file is with the address that it was asked at, or is known by.
    for base in (server.url, server.url.replace("127.0.0.1", "localhost")):
        text = text.replace(f'"{base}/api/static/'.encode(), b'"/api/static/')
    answer: dict[str, Any] = json.loads(text, object_hook=_normal)
    answer.pop("message", None)
    return answer


def _normal(record: dict[str, Any]) -> dict[str, Any]:
    """Instants are compared as such: one server prints milliseconds, another none."""
    return {
        key: datetime.fromisoformat(value) if key in INSTANTS and value else value
        for key, value in record.items()
    }


def _difference(one: Any, other: Any, where: str = "") -> str | None:
    """The first place where two answers differ, and how."""
    if isinstance(one, dict) and isinstance(other, dict) and one.keys() == other.keys():
        pairs = [(f"{where}.{key}", one[key], other[key]) for key in one]
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        pairs = [(f"{where}[{i}]", one[i], other[i]) for i in range(len(one))]
    else:
        return None if one == other else f"{where or 'answer'}: {one!r} and {other!r}"
    return next(filter(None, (_difference(a, b, place) for place, a, b in pairs)), None)
