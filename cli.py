"""The command line: `sunshine`. Here what needs the server; the other groups, each imported when it
is used, are in sunshine/commands."""

import gc

import click

from sunshine import __version__
from sunshine.commands.lazy import LazyGroup

GROUPS = {
    "users": "sunshine.commands.users:users",
    "db": "sunshine.commands.db:db",
    "backup": "sunshine.commands.backup:backup",
    "doctor": "sunshine.commands.doctor:doctor",
    "config": "sunshine.commands.config:config",
    "attendance": "sunshine.commands.attendance:attendance",
    "assets": "sunshine.commands.assets:assets",
    "files": "sunshine.commands.files:files",
    "fleet": "sunshine.commands.fleet:fleet",
    "cms": "sunshine.commands.cms:cms",
    "sales": "sunshine.commands.sales:sales",
    "vouchers": "sunshine.commands.vouchers:vouchers",
    "events": "sunshine.commands.events:events",
    "leave": "sunshine.commands.leave:leave",
    "holidays": "sunshine.commands.holidays:holidays",
    "demo": "sunshine.commands.demo:demo",
    "rooms": "sunshine.commands.rooms:rooms",
    "mitra": "sunshine.commands.mitra:mitra",
    "jobs": "sunshine.commands.jobs:jobs",
    "tickets": "sunshine.commands.tickets:tickets",
    "version": "sunshine.commands.about:version",
    "token": "sunshine.commands.token:token",
    "audit": "sunshine.commands.audit:audit",
    "completion": "sunshine.commands.about:completion",
}


@click.group(cls=LazyGroup, lazy=GROUPS)
@click.version_option(__version__, prog_name="sunshine", message="%(prog)s %(version)s")
def main() -> None:
    """Sunshine, the internal-operations server of a company.

    Data goes to stdout, as a table on a terminal, as tab-separated lines in a pipe, as JSON with
    --json. Everything else goes to stderr. Settings come from the environment and from .env in
    the working directory (or SUNSHINE_HOME): see `sunshine config show`.

    \b
    Exit codes:
      0    fine
      1    failed
      2    wrong usage
      3    not found
      4    a check failed, or a database is behind
      78   unusable or unsafe configuration
      130  interrupted
    """


@main.command()
@click.option("--address", metavar="ADDRESS", help="Listen here instead of SERVER_ADDRESS.")
@click.option("--port", type=click.IntRange(0, 65535), help="Listen here instead of SERVER_PORT.")
@click.option(
    "--fd",
    type=click.IntRange(0),
    help="Listen on this inherited socket; with --port, there too. One of systemd's is found.",
)
def serve(address: str | None, port: int | None, fd: int | None) -> None:
    """Start the server.

    Where no PG_*_HOST, _PORT, _USER, _PASSWORD or _DB is set it starts its own PostgreSQL too, and
    again should that end; another one it waits for, up to PG_WAIT_SECONDS. Databases that are
    missing are made, those behind are migrated; where nobody may sign in yet, an admin is made and
    its password shown.
    """
    # What is imported stays: to look through it again and again takes a quarter of the start.
    # The server turns it on again when it is ready (server.App.start).
    gc.disable()
    import server
    from sunshine.commands.context import configured

    overrides = {"SERVER_ADDRESS": address, "SERVER_PORT": None if port is None else str(port)}
    settings = configured({name: value for name, value in overrides.items() if value is not None})
    code = server.serve(settings, fd=fd, own_port=port is not None)
    click.get_current_context().exit(code)


@main.command()
@click.argument("module", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def routes(module: str | None, as_json: bool) -> None:
    """List the endpoints and who may call them.

    Of one MODULE: its name in URLs (`leave`, `meeting-rooms`), the beginning of a URL
    (`/api/leave/holidays`), or a folder or file of handlers/ (`assets`, `holidays`).
    """
    import server
    from sunshine.commands import output
    from sunshine.web.routes import routes_of

    rows = [
        {
            "method": method,
            "path": route.path,
            "access": ", ".join(
                guard.name for guard in guards if guard.decides_access or guard.permissions
            ),
            "handler": f"{route.handler.__module__}.{route.handler.__name__}",
        }
        for route in (server.routes() if module is None else routes_of(server.routes(), module))
        for method, guards in route.guards.items()
        if method not in ("PATCH", "HEAD")
    ]
    if not rows:
        raise output.CommandError(f"no module {module} has routes", output.NOT_FOUND)
    output.table(rows, as_json=as_json)


@main.command()
@click.option(
    "--server", "base", metavar="URL", help="The base URL to name instead of BASE_DOMAIN."
)
def openapi(base: str | None) -> None:
    """Print the API's description (OpenAPI 3.1), as /api/openapi.json answers it.

    For generators of clients, linters and gateways.
    """
    import server
    from sunshine.commands import output
    from sunshine.commands.context import configured
    from sunshine.web.openapi.document import describe

    output.document(describe(server.routes(), server=base or configured().base_domain))


@main.command(hidden=True, context_settings={"ignore_unknown_options": True})
@click.argument("arguments", nargs=-1)
def test(arguments: tuple[str, ...]) -> None:
    """Run the tests: `bin/sunshine test` in a checkout."""
    raise click.UsageError("the tests belong to a checkout: run `bin/sunshine test` there")


if __name__ == "__main__":
    main(prog_name="sunshine")
