"""Accounts, signing in, the audit trail. Guide: docs/people.md.

accounts.py        who may sign in
sessions.py        signing in and out
sign_ins.py        the trail of signing in, and from where
audit_trail.py     what happened, read
schemas.py         payloads of accounts
auth_schemas.py    of signing in
events_schemas.py  of the trail
"""
