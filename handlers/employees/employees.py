"""Employees over HTTP. Rules: sunshine/modules/employees/employees.py. Tables:
models/employees.py."""

from contextlib import suppress

from sunshine.formats import spreadsheets
from sunshine.modules.employees import csv_import
from sunshine.modules.employees import employees as rules
from sunshine.modules.employees.photo import check_photo
from sunshine.modules.employees.schemas import (
    CHANGE,
    CREATE,
    EMPLOYEE,
    EXPORT,
    FORCE,
    IMPORT,
    IMPORTED,
)
from sunshine.web.files.attachment_spec import AttachmentSpec
from sunshine.web.files.attachments import WithAttachments
from sunshine.web.guards import body, csv_body, query, requires_permission, signed_in
from sunshine.web.handler import Handler
from sunshine.web.response_specs import (
    SHEETS,
    conflicts,
    created,
    errors,
    file,
    item,
    ok_message,
    page,
)
from sunshine.web.routes import Route


class _Employees(WithAttachments):
    filing = AttachmentSpec("employee/photo", "employee", check=check_photo)


class Employees(_Employees):
    """The directory, and new employees."""

    async def get(self) -> None:
        """List employees.

        Everybody sees names, positions, departments, photos and work email; the rest is shown of
        oneself, to the manager, to HR and admins. `search` looks at names, email addresses, codes
        and phone numbers.
        """
        self.reply_page(await rules.page(self.db.sunshine, self.query, actor=self.actor))

    async def post(self) -> None:
        """Create an employee.

        `position` and `department` are names; one that does not exist yet is made. Say the name or
        the id, not both. Email and code are unique.
        """
        async with self.transaction() as tx:
            employee = await rules.create(tx, self.body)
            self.reply(employee, message="Employee created", status=201)


class Employee(_Employees):
    """One employee."""

    async def get(self, employee_id: int) -> None:
        """Get an employee.

        Everybody sees names, positions, departments, photos and work email; the rest is shown of
        oneself, to the manager, to HR and admins.
        """
        self.reply(await rules.find(self.db.sunshine, employee_id, actor=self.actor))

    async def put(self, employee_id: int) -> None:
        """Change an employee.

        Oneself: phone and photo only. The circle of managers must stay open: 409. Making somebody
        inactive ends the account too, and asks for `force=1` while they hold assets.
        """
        async with self.transaction() as tx:
            employee = await rules.change(
                tx, employee_id, self.body, actor=self.actor, force=self.query["force"]
            )
            self.reply(employee, message="Employee updated")

    async def delete(self, employee_id: int) -> None:
        """End an employment, and the account.

        Not one's own. Somebody who holds assets or has approvals open stays (409), unless `force=1`
        takes the assets back. Only an admin removes an admin or somebody of HR.
        """
        async with self.transaction() as tx:
            await rules.delete(tx, employee_id, actor=self.actor, force=self.query["force"])
            self.reply(message="Employee deleted")


class _DryRun(Exception):
    """Ends the transaction: everything was tried, nothing is kept."""


class EmployeesImport(Handler):
    """Many new employees from a CSV file: all or none."""

    deadline = 60.0

    async def post(self) -> None:
        """Import employees from a CSV file: all or none.

        The first line names the columns, as an export has them. With `dryRun` (the default) the
        file is only checked; errors name the line.
        """
        lines = await csv_import.parse(self.text)
        report = {"dryRun": self.query["dryRun"], "rows": len(lines)}
        with suppress(_DryRun):
            async with self.transaction() as tx:
                await csv_import.take(tx, lines)
                if self.query["dryRun"]:
                    self.reply(report, message="The file is fine")
                    raise _DryRun
                self.reply(report, message="Employees imported", status=201)


class EmployeesExport(Handler):
    """The employees as a file, in the columns that an import takes."""

    deadline = 60.0

    async def get(self) -> None:
        """Export employees as CSV or XLSX.

        The filters of the list; the columns that an import takes.
        """
        rows = await rules.listing.every(self.db.sunshine, self.query)
        file = await spreadsheets.make(self.query["format"], csv_import.COLUMNS, rows)
        self.reply_file(file, f"employees.{self.query['format']}")


routes = [
    Route(
        "/api/employees",
        Employees,
        GET=[
            signed_in,
            requires_permission("employees:directory"),
            query(rules.listing.schema),
            page(EMPLOYEE),
        ],
        POST=[
            signed_in,
            requires_permission("employees:write"),
            body(CREATE),
            created(EMPLOYEE),
            conflicts("email_taken", "employee_code_taken"),
        ],
    ),
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
    Route(
        "/api/employees/{employee_id}",
        Employee,
        GET=[signed_in, requires_permission("employees:directory"), item(EMPLOYEE)],
        PUT=[
            signed_in,
            requires_permission("account:self"),
            query(FORCE),
            body(CHANGE),
            item(EMPLOYEE),
            errors(400, "manager_cycle"),
            conflicts(
                "email_taken",
                "employee_code_taken",
                "manager_cycle",
                "assets_held",
                "approvals_open",
                "last_admin",
            ),
        ],
        DELETE=[
            signed_in,
            requires_permission("employees:write"),
            query(FORCE),
            ok_message,
            conflicts("assets_held", "approvals_open", "in_use", "last_admin"),
        ],
    ),
]
