"""What is asked of every server. A new endpoint is a line here, and its route in each peer."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Scenario:
    """One request. `script` is a file of benchmarks/wrk that makes its bodies.

    `at_least` and `at_most` are targets by peer: its CPU time over ours, and ours over its. Only
    `servers` are asked, all where it is empty. A request has `points` of a driver's way; we are to
    take `times` as many of them per CPU-second as Express does one by one. So many `connections`
    ask at once.
    """

    name: str
    method: str
    path: str
    script: str = "report.lua"
    at_least: dict[str, float] = field(default_factory=dict)
    at_most: dict[str, float] = field(default_factory=dict)
    servers: tuple[str, ...] = ()
    points: int = 0
    times: float = 0.0
    connections: int = 16

    def is_for(self, server: str) -> bool:
        """Whether the server is asked this."""
        return not self.servers or server in self.servers


READ = {"express": 2.5, "fastapi": 2.5}
FLOOR = {"floor": 1.25}
NODE_AND_OURS = ("sunshine", "sunshine-uvloop", "express", "express-key")
LOCATION = "/api/fleet/drivers/1/location"  # the scripts name one driver after the other

SCENARIOS = {
    scenario.name: scenario
    for scenario in (
        Scenario("list", "GET", "/api/employees?page=3&limit=20", at_least=READ, at_most=FLOOR),
        Scenario("get", "GET", "/api/employees/4321", at_least=READ, at_most=FLOOR),
        Scenario(
            "create", "POST", "/api/employees", "create_employee.lua", at_least={"express": 1.5}
        ),
        Scenario(
            "checkin",
            "POST",
            "/api/attendance/check-in",
            "check_in.lua",
            at_least={"express": 1.5},
            servers=NODE_AND_OURS,
        ),
        Scenario(
            "booking",
            "POST",
            "/api/meeting-rooms/schedule",
            "book_room.lua",
            at_least={"express": 1.5},
            servers=NODE_AND_OURS,
        ),
        Scenario("point", "POST", LOCATION, "point.lua", servers=NODE_AND_OURS, points=1, times=3),
        Scenario(
            "burst",
            "POST",
            LOCATION,
            "burst.lua",
            servers=NODE_AND_OURS,
            points=500,
            times=20,
            connections=4,
        ),
        Scenario(
            "blog",
            "GET",
            "/api/cms/blog?status=published&page=3&limit=20",
            at_least={"express": 4},
            servers=("sunshine", "sunshine-uvloop", "express", "express-key"),
        ),
    )
}
