"""`sunshine db`: the four databases from the command line."""

import json

import psycopg
import pytest

from sunshine.core.variables import DATABASES
from sunshine.database import migrations


@pytest.fixture
def names(new_names):
    """Nothing is there yet."""
    return new_names


@pytest.fixture
def made(sunshine):
    """The four databases, up to date."""
    assert sunshine("db", "upgrade").returncode == 0


@pytest.fixture
def connect(environ):
    """Connects to the main database behind the program's back."""

    def connect():
        return psycopg.connect(
            host=environ["PG_SUNSHINE_HOST"],
            port=environ["PG_SUNSHINE_PORT"],
            user=environ["PG_SUNSHINE_USER"],
            dbname=environ["PG_SUNSHINE_DB"],
            autocommit=True,
        )

    return connect


def standing(sunshine, key):
    return [row[key] for row in json.loads(sunshine("db", "status", "--json").stdout)]


def test_status_exits_4_until_all_is_up_to_date(sunshine):
    done = sunshine("db", "status")
    assert done.returncode == 4
    assert "db upgrade" in done.stderr
    assert standing(sunshine, "exists") == [False] * 4
    assert sunshine("db", "create").returncode == 0
    assert standing(sunshine, "exists") == [True] * 4
    assert sunshine("db", "status").returncode == 4
    assert sunshine("db", "upgrade").returncode == 0
    assert sunshine("db", "status").returncode == 0
    assert standing(sunshine, "current") == list(migrations.heads().values())


def test_one_of_them_may_be_named(sunshine):
    assert sunshine("db", "upgrade", "cms").returncode == 0
    assert standing(sunshine, "exists") == [name == "cms" for name in DATABASES]
    assert sunshine("db", "status", "cms").returncode == 0
    assert sunshine("db", "status", "nonsense").returncode == 2


def test_a_second_upgrade_does_nothing(sunshine, made):
    done = sunshine("db", "upgrade")
    assert (done.returncode, done.stderr) == (0, "Everything is up to date.\n")


def test_downgrade_does_not_go_ahead_unasked(sunshine, made):
    done = sunshine("db", "downgrade", "cms", "base")
    assert done.returncode == 2
    assert "--yes" in done.stderr
    assert sunshine("db", "status").returncode == 0


def test_downgrade_asks_on_a_terminal(sunshine, in_terminal, made):
    code, screen = in_terminal("db", "downgrade", "cms", "base", answers=["n"])
    assert (code, "nothing was changed" in screen) == (1, True)
    assert sunshine("db", "status").returncode == 0
    code, _ = in_terminal("db", "downgrade", "cms", "base", answers=["y"])
    assert code == 0
    assert sunshine("db", "status").returncode == 4


def test_downgrade_with_yes_and_back(sunshine, made):
    assert sunshine("db", "downgrade", "cms", "base", "--yes").returncode == 0
    assert standing(sunshine, "behind") == [0, 0, 2, 0]
    assert sunshine("db", "upgrade").stderr == "Migrated cms.\n"


def test_an_unknown_revision_is_one_line(sunshine, made):
    done = sunshine("db", "downgrade", "cms", "nonsense", "--yes")
    assert done.returncode == 1
    assert done.stderr.startswith("Error: ")
    assert done.stderr.count("\n") == 1


def test_check_exits_4_when_the_tables_differ(sunshine, made, connect):
    done = sunshine("db", "check")
    assert (done.returncode, done.stderr) == (0, "No difference.\n")
    with connect() as connection:
        connection.execute("ALTER TABLE users ADD shoe integer")
    done = sunshine("db", "check", "--json")
    assert done.returncode == 4
    assert json.loads(done.stdout) == [
        {"database": "sunshine", "difference": "+ column users.shoe integer"}
    ]


def test_check_of_an_empty_database_says_behind(sunshine):
    sunshine("db", "create", "cms")
    done = sunshine("db", "check", "cms")
    assert done.returncode == 4
    assert "behind by" in done.stdout


def test_shell_is_psql_on_the_named_database(process, environ, made):
    for name in ("sunshine", "fleet"):
        done = process("db", "shell", name, "-At", "-c", "SELECT current_database()")
        assert (done.returncode, done.stdout.strip()) == (0, environ[f"PG_{name.upper()}_DB"])
    done = process("db", "shell", "-At", "-c", "SELECT current_database()")
    assert done.stdout.strip() == environ["PG_SUNSHINE_DB"]


def test_shell_ends_with_the_code_of_psql(process, made):
    done = process("db", "shell", "-v", "ON_ERROR_STOP=1", "-c", "SELECT nonsense")
    assert done.returncode == 1
    assert "nonsense" in done.stderr


def test_an_unreachable_server_is_one_line(process):
    for command in (("db", "status"), ("db", "upgrade"), ("users", "list")):
        done = process(*command, PG_SUNSHINE_PORT="1", PG_SUNSHINE_PASSWORD="s3cret-word")
        assert (done.returncode, done.stdout) == (1, "")
        assert done.stderr.startswith("Error: cannot connect to database")
        assert done.stderr.count("\n") == 1
        assert "s3cret" not in done.stderr


def test_a_dry_run_says_what_would_be_done_and_does_nothing(sunshine):
    done = sunshine("db", "upgrade", "fleet", "cms", "--dry-run")
    assert done.returncode == 4
    steps = [
        [f"Would create {name}.", *(f"Would migrate {name} to {step}." for step in steps)]
        for name, steps in zip(
            (row["database"] for row in rows(sunshine) if row["name"] in ("fleet", "cms")),
            (migrations.revisions("fleet"), migrations.revisions("cms")),
            strict=True,
        )
    ]
    assert done.stderr.splitlines() == [*steps[0], *steps[1]]
    assert sunshine("db", "create", "--dry-run").stderr.count("Would create") == 4
    assert standing(sunshine, "exists") == [False] * 4


def test_a_dry_run_goes_no_further_than_it_is_asked(sunshine, made):
    assert sunshine("db", "upgrade", "--dry-run").stderr == "There is nothing to do.\n"
    assert sunshine("db", "create", "--dry-run").returncode == 0
    head = migrations.heads()["sunshine"]
    done = sunshine("db", "downgrade", "sunshine", "0003", "--dry-run")
    assert done.returncode == 4
    lines = done.stderr.splitlines()
    assert len(lines) == int(head) - 3
    assert lines[0].startswith(f"Would revert {head} of ")
    assert "Would revert 0004 of " in lines[-1]
    assert sunshine("db", "downgrade", "sunshine", head, "--dry-run").returncode == 0
    assert sunshine("db", "downgrade", "sunshine", "9999", "--dry-run").returncode == 3
    assert sunshine("db", "downgrade", "cms", "base", "--yes").returncode == 0
    done = sunshine("db", "upgrade", "--revision", "0001", "--dry-run")
    assert done.stderr.count("\n") == 1
    assert standing(sunshine, "behind") == [0, 0, len(migrations.revisions("cms")), 0]


def test_shell_shows_nobody_the_password(process, environ, made):
    done = process(
        "db", "shell", "-At", "-c", "\\! env | grep -c s3cret", "-c", "\\! cat $PGPASSFILE",
        PG_SUNSHINE_PASSWORD="s3cret",
    )  # fmt: skip
    assert done.stdout.splitlines() == ["0", "*:*:*:*:s3cret"]


def rows(sunshine):
    return json.loads(sunshine("db", "status", "--json").stdout)
