"""The API's description, OpenAPI 3.1, made of the route table and the schemas that check requests.

document.py      the whole
operations.py    a route's method: who may, what is sent, what comes back
components.py    what is said once and referred to: named schemas, common errors
schemas.py       fields as JSON Schema, and examples of them
tags.py          the parts of the API
prose.py         what the document says of itself and of each part of the API

The tests hold every answer that they get against it: tests/openapi_contract.py.
"""
