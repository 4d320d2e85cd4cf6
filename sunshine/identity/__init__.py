"""Tokens, passwords and signed URLs, and whose they are.

resolver.py           from token to principal, cached until anything changes
tokens.py             JSON Web Tokens, signed and read
passwords.py          bcrypt off the event loop, and which passwords are accepted
password_strength.py  which passwords are easy to guess
signed_urls.py        URLs that open one stored file for 15 minutes
calendar_tokens.py    the URLs that calendars subscribe to
"""
