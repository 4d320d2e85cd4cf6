"""Employees over HTTP. Rules: sunshine/modules/employees/employees.py. Tables:
models/employees.py."""

from sunshine.modules.employees import employees as rules
from sunshine.modules.employees.photo import check_photo
from sunshine.modules.employees.schemas import CHANGE, CREATE, EMPLOYEE, FORCE
from sunshine.web.files.attachment_spec import AttachmentSpec
from sunshine.web.files.attachments import WithAttachments
from sunshine.web.guards import body, query, requires_permission, signed_in
from sunshine.web.response_specs import conflicts, created, errors, item, ok_message, page
from sunshine.web.routes import Route


class _Employees(WithAttachments):
    filing = AttachmentSpec("employee/photo", "employee", check=check_photo)


class Employees(_Employees):
    """The directory, and new employees."""

    async def get(self) -> None:
        """List employees.

        Everybody sees names, positions, departments, photos and work email addresses of active
        employees; the other fields are shown to the employees themselves, their managers, HR and
        admins. `search` looks at names and email addresses, and at codes and phone numbers where
        they are shown.
        """
        self.reply_page(await rules.page(self.db.sunshine, self.query, actor=self.actor))

    async def post(self) -> None:
        """Create an employee.

        `position` and `department` are names; one that does not exist yet is created. Send either
        the name or the id, not both. Email addresses and codes are unique.
        """
        async with self.transaction() as tx:
            employee = await rules.create(tx, self.body)
            self.reply(employee, message="Employee created", status=201)


class Employee(_Employees):
    """One employee."""

    async def get(self, employee_id: int) -> None:
        """Get an employee.

        Everybody sees names, positions, departments, photos and work email addresses of active
        employees; the other fields are shown to the employees themselves, their managers, HR and
        admins.
        """
        self.reply(await rules.find(self.db.sunshine, employee_id, actor=self.actor))

    async def put(self, employee_id: int) -> None:
        """Change an employee.

        HR and admins change every field, employees their own phone and photo only. Nobody is,
        over any number of steps, their own manager: 409. Making an employee inactive ends the
        account too, and needs `force=1` while they hold assets.
        """
        async with self.transaction() as tx:
            employee = await rules.change(
                tx, employee_id, self.body, actor=self.actor, force=self.query["force"]
            )
            self.reply(employee, message="Employee updated")

    async def delete(self, employee_id: int) -> None:
        """End an employment, and the account.

        Never one's own. An employee who holds assets or has open approvals cannot be deleted (409),
        unless `force=1` returns the assets. Only an admin deletes an admin or a member of HR.
        """
        async with self.transaction() as tx:
            await rules.delete(tx, employee_id, actor=self.actor, force=self.query["force"])
            self.reply(message="Employee deleted")


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
