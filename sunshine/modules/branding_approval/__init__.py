"""Designs that named approvers must accept. Guide: docs/branding-approval.md.

requests.py  asking, and the request itself
reviews.py   votes and revisions
queries.py   what a request looks like, and whose it is
channel.py   what sockets are told
schemas.py   payloads
"""
