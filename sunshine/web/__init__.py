"""HTTP on top of the rules: route table, guards, base classes of handlers. Never imports a rule.

routes.py          the route table
endpoint.py        the interface of an endpoint and its application, as guards see it
guards.py          the checks a request passes before its handler runs
handler.py         the base class of endpoints
application.py     the Tornado application over the routes
response_specs.py  declarations of an endpoint's responses
responses.py       headers, and the one error shape
records.py         two handlers for every plain table
idempotency.py     a retried POST gets the first response again
rate_limits.py     which rate limit a request counts towards
streaming.py       request bodies that are read as they arrive
content.py         responses that browsers and caches may store
calendar_feeds.py  calendar feeds
sockets.py         WebSocket endpoints
sign_in_limits.py  limits on sign-in attempts
home_schemas.py    the response of /
server/            connections, below the requests
files/             uploads, downloads, and bodies that refer to files
openapi/           the OpenAPI description
"""
