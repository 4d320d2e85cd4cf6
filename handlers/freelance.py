"""Freelancers over HTTP. Rules: sunshine/modules/freelance/freelancers.py. Tables:
models/freelance.py."""

from sunshine.modules.freelance import freelancers as rules
from sunshine.modules.freelance.schemas import (
    CHANGE,
    CHANGE_PROJECT,
    CREATE,
    CREATE_PROJECT,
    FREELANCER,
    PROJECT,
)
from sunshine.web.files.attachment_spec import AttachmentSpec
from sunshine.web.files.attachments import WithAttachments
from sunshine.web.guards import body, query, requires_permission, signed_in
from sunshine.web.handler import Handler
from sunshine.web.response_specs import conflicts, created, item, ok_message, page
from sunshine.web.routes import Route


class _Freelance(WithAttachments):
    filing = AttachmentSpec("freelance", "freelancer", check=rules.check_file)


class Freelancers(_Freelance):
    """People who work for the company without being employed."""

    async def get(self) -> None:
        """List freelancers.

        Hourly rates and email addresses are shown to holders of `freelance:manage` only.
        """
        self.reply_page(await rules.page(self.db.sunshine, self.query, actor=self.actor))

    async def post(self) -> None:
        """Register a freelancer.

        Email addresses are unique, regardless of case: 409 `email_taken`.
        """
        async with self.transaction() as tx:
            row = await rules.freelancers.create(tx, self.body)
            self.reply(row, message="Freelancer registered", status=201)


class Freelancer(_Freelance):
    """One freelancer."""

    async def get(self, freelancer_id: int) -> None:
        """Get a freelancer.

        Hourly rates and email addresses are shown to holders of `freelance:manage` only.
        """
        self.reply(await rules.find(self.db.sunshine, freelancer_id, actor=self.actor))

    async def put(self, freelancer_id: int) -> None:
        """Change a freelancer.

        Email addresses are unique, regardless of case: 409 `email_taken`.
        """
        async with self.transaction() as tx:
            row = await rules.freelancers.change(tx, freelancer_id, self.body)
            self.reply(row, message="Freelancer updated")

    async def delete(self, freelancer_id: int) -> None:
        """Delete a freelancer.

        A freelancer with a project that is planned or active cannot be deleted: 409 `in_use`.
        """
        async with self.transaction() as tx:
            await rules.freelancers.delete(tx, freelancer_id)
            self.reply(message="Freelancer deleted")


class Projects(Handler):
    """The projects of a freelancer."""

    async def get(self, freelancer_id: int) -> None:
        """List a freelancer's projects.

        `budgetLeft` is the part of the budget that has not been used.
        """
        database = self.db.sunshine
        await rules.find(database, freelancer_id, actor=self.actor)
        page = await rules.projects.page(database, self.query, freelancer=freelancer_id)
        self.reply_page(page)

    async def post(self, freelancer_id: int) -> None:
        """Assign a project to a freelancer.

        The freelancer must be active: 409 `freelancer_not_active`.
        """
        async with self.transaction() as tx:
            project = await rules.assign(tx, freelancer_id, self.body)
            self.reply(project, message="Project assigned", status=201)


class Project(Handler):
    """One project."""

    async def put(self, freelancer_id: int, project_id: int) -> None:
        """Change a project.

        `budgetUsed` must not exceed the budget: 400.
        """
        async with self.transaction() as tx:
            project = await rules.change_project(tx, freelancer_id, project_id, self.body)
            self.reply(project, message="Project updated")

    async def delete(self, freelancer_id: int, project_id: int) -> None:
        """Delete a project.

        Those who may assign a project may change it; deleting it takes `freelance:manage`.
        """
        async with self.transaction() as tx:
            await rules.delete_project(tx, freelancer_id, project_id)
            self.reply(message="Project deleted")


READS = requires_permission("freelance:read", "freelance:manage")
ASSIGNS = requires_permission("freelance:assign", "freelance:manage")
MANAGES = requires_permission("freelance:manage")

routes = [
    Route(
        "/api/freelance",
        Freelancers,
        GET=[signed_in, READS, query(rules.freelancers.listing.schema), page(FREELANCER)],
        POST=[signed_in, MANAGES, body(CREATE), created(FREELANCER), conflicts("email_taken")],
    ),
    Route(
        "/api/freelance/{freelancer_id}",
        Freelancer,
        GET=[signed_in, READS, item(FREELANCER)],
        PUT=[signed_in, MANAGES, body(CHANGE), item(FREELANCER), conflicts("email_taken")],
        DELETE=[signed_in, MANAGES, ok_message, conflicts("in_use")],
    ),
    Route(
        "/api/freelance/{freelancer_id}/projects",
        Projects,
        GET=[signed_in, READS, query(rules.projects.schema), page(PROJECT)],
        POST=[
            signed_in,
            ASSIGNS,
            body(CREATE_PROJECT),
            created(PROJECT),
            conflicts("freelancer_not_active"),
        ],
    ),
    Route(
        "/api/freelance/{freelancer_id}/projects/{project_id}",
        Project,
        PUT=[signed_in, ASSIGNS, body(CHANGE_PROJECT), item(PROJECT)],
        DELETE=[signed_in, MANAGES, ok_message],
    ),
]
