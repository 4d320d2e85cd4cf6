"""The OpenAPI 3.1 description, generated from the route table and the schemas that check requests.

document.py      the whole document
operations.py    a route's method: permissions, request, responses
components.py    shared definitions: named schemas, common errors
schemas.py       fields as JSON Schema, and examples
tags.py          the parts of the API
prose.py         the texts about the document and about each part of the API

The tests check every response they get against it: tests/openapi_contract.py.
"""
