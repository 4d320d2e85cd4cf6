"""Accounts, signing in, the audit trail. Guide: docs/people.md.

accounts.py           who may sign in: accounts, roles, granted permissions
employee_accounts.py  the accounts of employees
sessions.py           signing in and out, tokens
sign_ins.py           the record of sign-ins and refusals, and the networks they come from
audit_trail.py        the events of every database, as a list
rows.py               the rows that the statements return
schemas.py            payloads of accounts
auth_schemas.py       payloads of signing in
events_schemas.py     payloads of the audit trail
"""
