"""`sunshine openapi`."""

import json

from openapi_spec_validator import validate


def test_it_prints_the_description(sunshine):
    done = sunshine("openapi", "--server", "https://api.example.com/")
    document = json.loads(done.stdout)
    validate(document)
    assert document["servers"] == [{"url": "https://api.example.com"}]
    assert "/api/employees/{employeeId}" in document["paths"]
    assert done.stderr == ""


def test_it_names_the_server_of_the_settings(sunshine):
    document = json.loads(sunshine("openapi", BASE_DOMAIN="https://office.example.com").stdout)
    assert document["servers"] == [{"url": "https://office.example.com"}]
