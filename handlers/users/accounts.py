"""Accounts over HTTP. Rules: sunshine/modules/users/accounts.py. Tables: models/auth.py."""

from sunshine.core.errors import Invalid
from sunshine.modules.users import accounts as rules
from sunshine.modules.users.schemas import CHANGE, CREATE, USER
from sunshine.web import rate_limits
from sunshine.web.guards import body, query, requires_permission, signed_in
from sunshine.web.handler import Handler
from sunshine.web.response_specs import conflicts, created, errors, item, ok_message, page
from sunshine.web.routes import Route


class Users(Handler):
    """All accounts."""

    async def get(self) -> None:
        """List accounts.

        Answers hold no password in any form.
        """
        self.reply_page(await rules.page(self.db.sunshine, self.query))

    async def post(self) -> None:
        """Create an account.

        Usernames and email addresses are unique, upper and lower case alike. Passwords have at
        least 10 characters and at most 72 bytes, and are neither common nor made of the names of
        the person, the account or the company. With `mustChangePassword` the user has access to
        their own account only, until they change the password. `permissions` are granted beside
        those of the role. An employee has at most one account.
        """
        values = self.body
        password = values.pop("password")
        names = (values["username"], values.get("email"), values["name"])
        self.application.passwords.check(password, names=names)
        values["passwordHash"] = await self.application.passwords.hash(password)
        async with self.transaction() as tx:
            user = await rules.create(tx, values)
            self.reply(user, message="User created", status=201)


class User(Handler):
    """One account."""

    own_account = True

    async def get(self, user_id: int) -> None:
        """Get an account.

        HR and admins get any account, everybody else their own.
        """
        self.reply(await rules.find(self.db.sunshine, user_id, actor=self.actor))

    async def put(self, user_id: int) -> None:
        """Change an account.

        Everybody changes their own name, email and password, which needs `currentPassword`; of
        several changes at once with one current password one is made, the others are 409. Admins
        change every field of others, but not their own role, permissions or state; they link
        their own account to an employee once, while it has none. A new password or role,
        `mustChangePassword` and a deactivation end all tokens of the user at once. The last active
        admin cannot be demoted or deactivated: 409.
        """
        values = self.body
        current = values.pop("currentPassword", None)
        rules.check_change(user_id, values, actor=self.actor)
        if "password" in values:
            password = values.pop("password")
            user = await rules.find(self.db.sunshine, user_id, actor=self.actor)
            names = {**user, **values}
            known = (names["username"], names["email"], names["name"])
            self.application.passwords.check(password, names=known)
            if user_id == self.actor.id:
                await self._check_current(current)
                if self.actor.must_change_password and password == current:
                    raise Invalid.field("password", "must be another one")
            values["passwordHash"] = await self.application.passwords.hash(password)
        async with self.transaction() as tx:
            user = await rules.change(tx, user_id, values, actor=self.actor)
            self.reply(user, message="User updated")

    async def delete(self, user_id: int) -> None:
        """Deactivate an account.

        The row stays for the audit trail. One's own account and that of the last active admin
        cannot be deactivated: 409.
        """
        async with self.transaction() as tx:
            await rules.deactivate(tx, user_id, actor=self.actor)
            self.reply(message="User deactivated")

    async def _check_current(self, password: str | None) -> None:
        if password is None:
            raise Invalid.field("currentPassword", "required to change your own password")
        counted = await rate_limits.count_own_guess(self)
        hashed = await rules.own_hash(self.db.sunshine, actor=self.actor)
        if not await self.application.passwords.matches(password, hashed):
            raise Invalid.field("currentPassword", "is wrong", code="wrong_password")
        await rate_limits.uncount(self, counted)


routes = [
    Route(
        "/api/users",
        Users,
        GET=[signed_in, requires_permission("users:read"), query(rules.listing.schema), page(USER)],
        POST=[
            signed_in,
            requires_permission("users:write"),
            body(CREATE),
            created(USER),
            conflicts("username_taken", "email_taken", "employee_has_user"),
        ],
    ),
    Route(
        "/api/users/{user_id}",
        User,
        GET=[signed_in, item(USER)],
        PUT=[
            signed_in,
            body(CHANGE),
            item(USER),
            errors(400, "wrong_password"),
            conflicts(
                "username_taken",
                "email_taken",
                "employee_has_user",
                "last_admin",
                "own_account",
                "changed",
            ),
        ],
        DELETE=[
            signed_in,
            requires_permission("users:write"),
            ok_message,
            conflicts("last_admin", "own_account"),
        ],
    ),
]
