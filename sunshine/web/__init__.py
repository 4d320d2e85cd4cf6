"""HTTP over the rules: route table, guards, the handlers' common ground. Never imports a rule.

routes.py          the route table
endpoint.py        what guards and helpers know of an endpoint and its application
guards.py          the checks a request passes before its handler
handler.py         what every endpoint stands on
application.py     the Tornado application over the routes
response_specs.py       what an endpoint answers with
responses.py       headers, and the one shape of an error
records.py         two handlers for every plain table
idempotency.py     a retried POST gets the first answer
rate_limits.py     who is counted as what
streaming.py       bodies that are read as they come
content.py         answers that browsers and caches may keep
calendar_feeds.py           calendar feeds
sockets.py         WebSocket endpoints
sign_in_limits.py  how often somebody may try to sign in
home_schemas.py    the answer of /
server/            connections below the requests
files/             uploads, downloads, and bodies that name files
openapi/           the description of all this
"""
