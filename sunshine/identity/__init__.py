"""Who is behind a token, a password or a signed URL.

resolver.py           from token to principal, cached until anything changes
tokens.py             JSON Web Tokens, signed and read
passwords.py          bcrypt off the event loop, and which passwords are good enough
password_strength.py  which passwords are guessed first
signed_urls.py        URLs that open one stored file for a while
calendar_tokens.py    the URLs that calendars subscribe to
"""
