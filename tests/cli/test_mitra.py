"""`sunshine mitra`: partners and their documents from the command line."""

import json

import pytest

PARTNERS = """
WITH p AS (INSERT INTO partner (name, type, status) VALUES
    ('Maju Jaya', 'supplier', 'active'), ('Other', 'agent', 'inactive') RETURNING id, name)
INSERT INTO partner_document (partner_id, title, kind, fields)
SELECT id, title, kind, CAST(fields AS jsonb) FROM p, (VALUES
    ('Agreement', 'contract', '{"number": 17, "signed": true}'), ('Notes', 'note', '{}')
) AS d (title, kind, fields) WHERE name = 'Maju Jaya'
"""


@pytest.fixture(autouse=True)
def _partners(sql):
    """Two, one with two documents."""
    sql(PARTNERS, "mitra")


def shown(sunshine, *arguments):
    done = sunshine("mitra", *arguments, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_it_lists_partners(sunshine):
    def names(*arguments):
        return [row["name"] for row in shown(sunshine, "list", *arguments)]

    assert names() == ["Maju Jaya", "Other"]
    assert names("--type", "AGENT") == ["Other"]
    assert names("--status", "active") == ["Maju Jaya"]
    assert names("--search", "jay") == ["Maju Jaya"]
    assert names("--search", "nobody") == []
    head, line, _ = sunshine("mitra", "list").stdout.splitlines()
    assert head.split("\t")[:4] == ["id", "name", "type", "status"]
    assert line.split("\t")[1:4] == ["Maju Jaya", "supplier", "active"]


def test_it_lists_the_documents_of_a_partner(sunshine):
    [partner, _] = shown(sunshine, "list")
    for word in ("maju jaya", str(partner["id"])):
        rows = shown(sunshine, "documents", word)
        assert [row["title"] for row in rows] == ["Agreement", "Notes"]
    assert rows[0]["fields"] == {"number": 17, "signed": True}
    [row] = shown(sunshine, "documents", "Maju Jaya", "--kind", "NOTE")
    assert row["title"] == "Notes"
    assert shown(sunshine, "documents", "Maju Jaya", "--search", "x") == []
    assert shown(sunshine, "documents", "Other") == []
    _, line, _ = sunshine("mitra", "documents", "Maju Jaya").stdout.splitlines()
    assert line.split("\t")[1:4] == ["Agreement", "contract", "1"]
    assert line.split("\t")[5] == "number, signed"


def test_it_knows_no_such_partner(sunshine):
    done = sunshine("mitra", "documents", "Nobody")
    assert (done.returncode, done.stdout) == (3, "")
    assert "there is no partner Nobody" in done.stderr


def test_it_says_that_mongodb_is_away(sunshine):
    done = sunshine("mitra", "documents", "Other", MONGO_MITRA="mongodb://127.0.0.1:1/x")
    assert (done.returncode, done.stdout) == (1, "")
    assert "Documents unavailable" in done.stderr
    assert "Traceback" not in done.stderr
