"""Designs that named approvers must accept. Guide: docs/branding-approval.md.

requests.py  submitting and reading requests
reviews.py   votes and revisions
queries.py   what a request looks like, and who may see it
channel.py   what sockets send
rows.py      what the statements return
schemas.py   payloads
"""
