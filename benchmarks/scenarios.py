"""What is asked of every server. A new endpoint is a line here, and its route in each peer."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Scenario:
    """One request. `script` is a file of benchmarks/wrk that makes its bodies.

    `at_least` and `at_most` are targets by peer: its CPU time over ours, and ours over its. Only
    `servers` are asked, all where it is empty.
    """

    name: str
    method: str
    path: str
    script: str = "report.lua"
    at_least: dict[str, float] = field(default_factory=dict)
    at_most: dict[str, float] = field(default_factory=dict)
    servers: tuple[str, ...] = ()

    def is_for(self, server: str) -> bool:
        """Whether the server is asked this."""
        return not self.servers or server in self.servers


STATIC_FILE = "cms/benchmark.bin"  # of 5 MiB
READ = {"express": 2.5, "fastapi": 2.5}
FLOOR = {"floor": 1.25}

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
            servers=("sunshine", "sunshine-uvloop", "express", "express-key"),
        ),
        Scenario(
            "static",
            "GET",
            f"/api/static/{STATIC_FILE}",
            at_least={"express": 1.0},
            servers=("sunshine", "sunshine-uvloop", "express"),
        ),
    )
}
