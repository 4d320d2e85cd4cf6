"""`sunshine assets`: who holds what, from the command line."""

import json

import pytest


@pytest.fixture
def things(sql):
    """Two assets and an employee."""
    sql("INSERT INTO employee (name, email, employee_code) VALUES ('Anna A', 'a@x.org', 'E-1')")
    sql("INSERT INTO asset_config (kind, key, name) VALUES ('category', 'laptop', 'Laptop')")
    for code in ("AST-1", "AST-2"):
        sql(
            "INSERT INTO asset (asset_code, name, category_id)"
            f" SELECT '{code}', 'Thing', id FROM asset_config"
        )


def listed(sunshine, *arguments):
    done = sunshine("assets", "list", "--json", *arguments)
    assert done.returncode == 0, done.stderr
    return {row["assetCode"]: row for row in json.loads(done.stdout)}


def test_it_lists_by_what_is_asked(sunshine, things):
    assert set(listed(sunshine)) == {"AST-1", "AST-2"}
    assert set(listed(sunshine, "--search", "ast-2")) == {"AST-2"}
    assert listed(sunshine, "--status", "retired") == {}
    assert listed(sunshine, "--holder", "e-1") == {}


@pytest.mark.parametrize("employee", ["A@x.org", "e-1"])
def test_it_assigns_and_takes_back(sunshine, things, employee):
    done = sunshine("assets", "assign", "ast-1", employee, "--date", "2024-01-15")
    assert done.returncode == 0, done.stderr
    assert "AST-1 is assigned to Anna A" in done.stderr
    row = listed(sunshine, "--holder", employee)["AST-1"]
    assert (row["assignedToName"], row["assignDate"]) == ("Anna A", "2024-01-15")
    again = sunshine("assets", "assign", "ast-1", employee)
    assert again.returncode == 1
    assert "assigned to Anna A" in again.stderr
    assert sunshine("assets", "return", "AST-1", "--condition", "fine").returncode == 0
    assert sunshine("assets", "return", "AST-1").returncode == 1


@pytest.mark.parametrize("arguments", [("AST-9", "e-1"), ("AST-1", "nobody"), ("AST-1", "999999")])
def test_what_does_not_exist_is_not_found(sunshine, things, arguments):
    done = sunshine("assets", "assign", *arguments)
    assert done.returncode == 3
    assert "there is no" in done.stderr


def test_an_audit_finds_what_needs_attention(sunshine, things, sql):
    sunshine("assets", "assign", "AST-1", "e-1")
    sql("UPDATE employee SET status = 'inactive'")
    done = sunshine("assets", "audit", "--json")
    assert done.returncode == 4
    assert [(row["assetCode"], row["finding"]) for row in json.loads(done.stdout)] == [
        ("AST-1", "held by somebody who left"),
        ("AST-2", "held by nobody, and nobody knows where"),
    ]
    sql("UPDATE employee SET status = 'active'")
    sql("DELETE FROM asset WHERE asset_code = 'AST-2'")
    assert sunshine("assets", "audit").returncode == 0
