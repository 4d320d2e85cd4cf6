"""Employees over HTTP. Rules: sunshine/rules/employees.py. Tables: models/employees.py."""

from contextlib import suppress

from sunshine import sheets
from sunshine.rules import employees as rules
from sunshine.rules import employees_file
from sunshine.rules.employees_photo import check_photo
from sunshine.schemas.employees import CHANGE, CREATE, EXPORT, FORCE, IMPORT
from sunshine.web.claims import Filed, Filing
from sunshine.web.guards import body, csv_body, may, query, signed_in
from sunshine.web.handler import Handler
from sunshine.web.routes import Route


class _Employees(Filed):
    filing = Filing("employee/photo", ("photo",), check=check_photo)


class Employees(_Employees):
    """The directory, and new employees."""

    async def get(self) -> None:
        """A page, in full where the caller may see that."""
        self.reply_page(await rules.page(self.db.sunshine, self.query, actor=self.actor))

    async def post(self) -> None:
        """A new employee."""
        async with self.transaction() as tx:
            employee = await rules.create(tx, self.body)
            self.reply(employee, message="Employee created", status=201)


class Employee(_Employees):
    """One employee."""

    async def get(self, employee_id: int) -> None:
        """In full where the caller may see that."""
        self.reply(await rules.find(self.db.sunshine, employee_id, actor=self.actor))

    async def put(self, employee_id: int) -> None:
        """Merge what is sent."""
        async with self.transaction() as tx:
            employee = await rules.change(
                tx, employee_id, self.body, actor=self.actor, force=self.query["force"]
            )
            self.reply(employee, message="Employee updated")

    async def delete(self, employee_id: int) -> None:
        """End the employment and the account."""
        async with self.transaction() as tx:
            await rules.delete(tx, employee_id, actor=self.actor, force=self.query["force"])
            self.reply(message="Employee deleted")


class _DryRun(Exception):
    """Ends the transaction: everything was tried, nothing is kept."""


class EmployeesImport(Handler):
    """Many new employees from a CSV file: all or none."""

    deadline = 60.0

    async def post(self) -> None:
        """Check the file, and unless `dryRun` (the default) take it."""
        lines = await employees_file.parse(self.text)
        report = {"dryRun": self.query["dryRun"], "rows": len(lines)}
        with suppress(_DryRun):
            async with self.transaction() as tx:
                await employees_file.take(tx, lines)
                if self.query["dryRun"]:
                    self.reply(report, message="The file is fine")
                    raise _DryRun
                self.reply(report, message="Employees imported", status=201)


class EmployeesExport(Handler):
    """The employees as a file, in the columns that an import takes."""

    deadline = 60.0

    async def get(self) -> None:
        """CSV or XLSX, by `format`; filters as the list's."""
        rows = await rules.listing.every(self.db.sunshine, self.query)
        file = await sheets.make(self.query["format"], employees_file.COLUMNS, rows)
        self.reply_file(file, f"employees.{self.query['format']}")


routes = [
    Route(
        "/api/employees",
        Employees,
        GET=[signed_in, may("employees:directory"), query(rules.listing.schema)],
        POST=[signed_in, may("employees:write"), body(CREATE)],
    ),
    Route(
        "/api/employees/import",
        EmployeesImport,
        POST=[signed_in, may("employees:write"), query(IMPORT), csv_body],
    ),
    Route(
        "/api/employees/export",
        EmployeesExport,
        GET=[signed_in, may("employees:write"), query(EXPORT)],
    ),
    Route(
        "/api/employees/{employee_id}",
        Employee,
        GET=[signed_in, may("employees:directory")],
        PUT=[signed_in, may("account:self"), query(FORCE), body(CHANGE)],
        DELETE=[signed_in, may("employees:write"), query(FORCE)],
    ),
]
