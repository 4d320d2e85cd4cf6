"""Users, their granted permissions and known networks, and the tokens that have ended."""

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
    func,
    text,
)

from models.base import identity, known_network_of, sunshine, timestamps

ROLES = ("admin", "hr", "manager", "employee")

# "user" is a reserved word in SQL; the two tables keep the names the contract gives them.
users = Table(
    "users",
    sunshine,
    identity(),
    Column("username", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("email", Text),
    Column("role", Text, nullable=False),
    Column("employee_id", Integer, ForeignKey("employee.id")),
    Column("active", Boolean, nullable=False, server_default=text("true")),
    Column("password_hash", Text, nullable=False),
    Column("token_version", Integer, nullable=False, server_default=text("0")),
    *timestamps(),
    Column(
        "unlocked_at",
        DateTime(timezone=True),
        comment="failed sign-ins before it do not count",
    ),
    Column(
        "must_change_password",
        Boolean,
        nullable=False,
        server_default=text("false"),
        comment="until then a token opens the own account only",
    ),
    CheckConstraint("role IN ('admin', 'hr', 'manager', 'employee')", name="role"),
)
Index("users_username_key", func.lower(users.c.username), unique=True)
Index("users_email_key", func.lower(users.c.email), unique=True)
Index("users_employee_id_key", users.c.employee_id, unique=True)

user_permissions = Table(
    "user_permissions",
    sunshine,
    Column("user_id", Integer, ForeignKey("users.id"), nullable=False),
    Column("permission", Text, nullable=False),
    PrimaryKeyConstraint("user_id", "permission"),
)

known_network = known_network_of(
    users, comment="From where an account signed in, the latest of them."
)

revoked_token = Table(
    "revoked_token",
    sunshine,
    Column("jti", Text, primary_key=True),
    Column("expires_at", DateTime(timezone=True), nullable=False, index=True),
)
