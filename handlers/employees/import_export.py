"""The import and export of employees over HTTP. Rules: sunshine/modules/employees/csv_import.py.
Tables: models/employees.py."""

from contextlib import suppress

from sunshine.formats import spreadsheets
from sunshine.modules.employees import csv_import
from sunshine.modules.employees.employees import listing
from sunshine.modules.employees.schemas import EXPORT, IMPORT, IMPORTED
from sunshine.web.guards import csv_body, query, requires_permission, signed_in
from sunshine.web.handler import Handler
from sunshine.web.response_specs import SHEETS, conflicts, created, errors, file, item
from sunshine.web.routes import Route


class _DryRun(Exception):
    """Rolls the transaction back: everything was tried, nothing is kept."""


class EmployeesImport(Handler):
    """Many new employees from a CSV file: all or none."""

    deadline = 60.0

    async def post(self) -> None:
        """Import employees from a CSV file: all or none.

        The first line names the columns, as in an export. With `dryRun` (the default) the file is
        only checked; each error names its line.
        """
        lines = await csv_import.parse(self.text)
        report = {"dryRun": self.query["dryRun"], "rows": len(lines)}
        with suppress(_DryRun):
            async with self.transaction() as tx:
                await csv_import.create_all(tx, lines)
                if self.query["dryRun"]:
                    self.reply(report, message="The file is fine")
                    raise _DryRun
                self.reply(report, message="Employees imported", status=201)


class EmployeesExport(Handler):
    """The employees as a file, in the columns that an import takes."""

    deadline = 60.0

    async def get(self) -> None:
        """Export employees as CSV or XLSX.

        It takes the filters of the list, and has the columns that an import takes.
        """
        rows = await listing.every(self.db.sunshine, self.query)
        file = await spreadsheets.make(self.query["format"], csv_import.COLUMNS, rows)
        self.reply_file(file, f"employees.{self.query['format']}")


routes = [
    Route(
        "/api/employees/import",
        EmployeesImport,
        POST=[
            signed_in,
            requires_permission("employees:write"),
            query(IMPORT),
            csv_body,
            item(IMPORTED),
            created(IMPORTED),
            errors(400, "invalid_csv"),
            conflicts("email_taken", "employee_code_taken"),
        ],
    ),
    Route(
        "/api/employees/export",
        EmployeesExport,
        GET=[signed_in, requires_permission("employees:write"), query(EXPORT), file(*SHEETS)],
    ),
]
