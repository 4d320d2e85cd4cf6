"""`sunshine audit verify`: what was done to the trail behind its back is told."""

import json

import psycopg
import pytest

PASSWORD = "correct-horse-battery"


@pytest.fixture
def trail(sunshine, sql, tmp_path):
    """Three accounts made by the rules, some more events, and a backup of it all."""
    sql(
        "INSERT INTO event (at, type, entity, entity_id, actor_type, actor_name, before, after)"
        " SELECT now() - interval '2 hours', 'said', 'thing', n, 'system', E'a\\tb\\\\', NULL,"
        ' \'{"text": "\u00fc \\\\n"}\' FROM generate_series(1, 20) n'
    )
    for name, role in (("ann", "admin"), ("ben", "employee"), ("cem", "hr")):
        done = sunshine(
            "users", "create", name, "--name", name, "--role", role, "--password-stdin",
            stdin=PASSWORD,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
    assert sunshine("users", "grant", "ben", "tickets:agent", "cms:write").returncode == 0
    assert sunshine("users", "role", "cem", "manager").returncode == 0
    assert sunshine("users", "disable", "ben").returncode == 0
    assert sunshine("backup", "create", "--to", str(tmp_path / "shelf")).returncode == 0
    (folder,) = (tmp_path / "shelf").glob("sunshine-*")
    return folder


def found(sunshine, *arguments):
    done = sunshine("audit", "verify", *arguments, "--json")
    rows = json.loads(done.stdout)
    assert done.returncode == (4 if rows else 0), done.stderr
    return [(row["what"], row["id"], row["detail"]) for row in rows]


def test_what_the_rules_did_is_fine_and_so_is_what_followed(sunshine, trail):
    assert found(sunshine) == []
    assert sunshine("users", "enable", "ben").returncode == 0
    assert sunshine("users", "revoke", "ben", "cms:write").returncode == 0
    assert found(sunshine, "--against", str(trail)) == []


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        ("UPDATE users SET role = 'admin' WHERE username = 'ben'", 'role is "admin", the trail'),
        ("UPDATE users SET active = true WHERE username = 'ben'", "active is true, the trail"),
        ("UPDATE users SET username = 'eve' WHERE username = 'ben'", 'username is "eve"'),
        (
            "INSERT INTO user_permissions SELECT max(id), 'sales:manage' FROM users",
            "sales:manage",
        ),
        ("DELETE FROM user_permissions WHERE permission = 'cms:write'", '["tickets:agent"]'),
    ],
)
def test_an_account_that_no_event_explains_is_told(sunshine, trail, sql, statement, told):
    sql(statement)
    [(what, _, detail)] = found(sunshine)
    assert what == "account"
    assert told in detail


def test_an_account_made_by_hand_is_told(sunshine, trail, sql):
    sql("INSERT INTO users (username, name, role, password_hash) VALUES ('eve', 'E', 'hr', 'x')")
    assert {detail.split()[0] for _, _, detail in found(sunshine)} == {
        "active", "permissions", "role", "username",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("statement", "what", "detail"),
    [
        ("DELETE FROM event WHERE id = {id}", "removed", ""),
        ("UPDATE event SET actor_name = 'eve' WHERE id = {id}", "altered", "actor_name"),
        ("UPDATE event SET at = at - interval '1 s', after = NULL WHERE id = {id}", "altered",
         "at, after"),
        ("UPDATE event SET before = '{{}}' WHERE id = {id}", "altered", "before"),
    ],
)  # fmt: skip
def test_an_event_that_is_not_what_it_was_is_told(sunshine, trail, sql, statement, what, detail):
    (number,) = sql("SELECT max(id) - 3 FROM event WHERE type = 'said'").fetchone()
    sql(statement.format(id=number))
    assert found(sunshine) == []
    assert found(sunshine, "--against", str(trail)) == [(what, number, detail)]


def test_an_event_that_was_slipped_in_is_told(sunshine, trail, sql):
    sql(
        "INSERT INTO event (id, at, type, entity, actor_type, actor_name) OVERRIDING SYSTEM VALUE"
        " VALUES (0, now() - interval '1 year', 'said', 'thing', 'system', 'eve')"
    )
    assert found(sunshine, "--against", str(trail)) == [("inserted", 0, "")]


def test_one_that_was_under_way_during_the_backup_is_none(sunshine, sql, tmp_path, postgres, names):
    """It took its number before, and was committed after."""
    statement = (
        "INSERT INTO event (at, type, entity, actor_type, actor_name)"
        " VALUES (now(), 'said', 'thing', 'system', 'late') RETURNING id"
    )
    where = {"host": postgres.host, "port": postgres.port, "user": postgres.user}
    with psycopg.connect(**where, dbname=names["sunshine"]) as late:
        [(number,)] = late.execute(statement).fetchall()
        [(later,)] = sql(statement).fetchall()
        assert later > number
        assert sunshine("backup", "create", "--to", str(tmp_path / "shelf")).returncode == 0
    (folder,) = (tmp_path / "shelf").glob("sunshine-*")
    assert found(sunshine, "--against", str(folder)) == []


def test_a_damaged_backup_proves_nothing(sunshine, trail):
    file = trail / "sunshine.dump"
    file.write_bytes(file.read_bytes()[:-1])
    done = sunshine("audit", "verify", "--against", str(trail))
    assert done.returncode == 1
    assert "is damaged" in done.stderr
