"""Signing in, accounts and the audit trail. Rules: sunshine/modules/users."""

from handlers.users import accounts, audit_trail, sessions, sign_ins

routes = [
    *sessions.routes,
    *sign_ins.routes,
    *accounts.routes,
    *audit_trail.routes,
]
