"""Fixtures of the tests of backups.

company     four databases with rows and files, and the backup that was made of them
backup      a copy of that backup, on a shelf of the test's own
restored    the settings of databases that it was restored into
names       of four databases in use, which every test here must leave as they are
new_names   of four that do not exist; a test that makes them has these as its `names`
slow        a PG_BIN_DIR whose pg_dump takes its time
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from sunshine.core.environment import load
from sunshine.core.variables import DATABASES
from sunshine.database import migrations, pg_tools
from tests.cli.backup.factories import FILES, databases, drop, held, stored
from tests.cli.conftest import CLI

FILLED = {
    "sunshine": """
        INSERT INTO department (name) SELECT 'Department ' || n FROM generate_series(1, 9) n;
        INSERT INTO employee (name, email, phone, join_date, department_id)
            SELECT 'Ümit ' || n, n || '@example.com', '+62', '2020-01-01', n % 9 + 1
            FROM generate_series(1, 300) n;
        INSERT INTO users (username, name, role, password_hash, token_version)
            VALUES ('admin', 'Admin', 'admin', 'x', 3);
        INSERT INTO event (xid, at, type, entity, entity_id, actor_type, actor_name, after)
            SELECT (4000000000 + n)::text::xid8, now(), 'employee_created', 'employee', n, 'system',
                'test', '{"name": "Ü"}' FROM generate_series(1, 300) n;
        SELECT setval('ticket_number_seq', 77);
    """,
    "fleet": """
        INSERT INTO driver (name, license_number, license_expiry, phone, status, token_version)
            SELECT 'Driver ' || n, 'L' || n, '2030-01-01', '+62', 'active', 2
            FROM generate_series(1, 5) n;
    """,
}


@pytest.fixture(scope="session")
def company(postgres, clone, tmp_path_factory):
    """Four databases with rows, files, and a backup of them, which tests must leave alone."""
    home = tmp_path_factory.mktemp("company")
    names = {name: f"kept_{os.getpid()}_{name}" for name in DATABASES}
    environ = {
        **{name: value for name, value in os.environ.items() if not name.startswith("PG_")},
        **{f"PG_{name.upper()}_DB": database for name, database in names.items()},
        "PG_SUNSHINE_HOST": postgres.host, "PG_SUNSHINE_PORT": str(postgres.port),
        "PG_SUNSHINE_USER": postgres.user, "SUNSHINE_HOME": str(home), "DIR": str(home / "files"),
    }  # fmt: skip
    settings = load(environ, home=home)
    clone(settings)
    for name, statements in FILLED.items():
        with migrations.connect(settings.databases[name]) as connection:
            connection.execute(statements)
    for name, content in FILES.items():
        path = settings.directory / "static" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    done = subprocess.run(
        [sys.executable, CLI, "backup", "create", "--to", home / "shelf"],
        env=environ, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    (folder,) = (home / "shelf").glob("sunshine-*")
    yield SimpleNamespace(
        settings=settings, folder=folder, held={name: held(settings, name) for name in DATABASES},
        environ=environ,
    )  # fmt: skip
    drop(postgres, "kept_")


@pytest.fixture(scope="session")
def restored(company, postgres, tmp_path_factory):
    """The backup put back as one does after a loss, beside a file of today and a broken one."""
    home = tmp_path_factory.mktemp("restored")
    names = {f"PG_{name.upper()}_DB": f"restored_{os.getpid()}_{name}" for name in DATABASES}
    environ = company.environ | names | {"DIR": str(home)}
    for name, content in {"attendance/today.jpg": b"new", "cms/blog/ü.png": b"broken"}.items():
        (home / "static" / name).parent.mkdir(parents=True, exist_ok=True)
        (home / "static" / name).write_bytes(content)
    done = subprocess.run(
        [sys.executable, CLI, "backup", "restore", company.folder],
        env=environ, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    yield load(environ, home=home)
    drop(postgres, "restored_")


@pytest.fixture(scope="session")
def used(company, postgres, clone):
    """Databases of today, other ones than in the backup."""
    names = {name: f"used_{os.getpid()}_{name}" for name in DATABASES}
    environ = {f"PG_{name.upper()}_DB": database for name, database in names.items()}
    settings = load(company.environ | environ, home=company.settings.directory)
    clone(settings)
    with migrations.connect(settings.databases["sunshine"]) as connection:
        connection.execute("INSERT INTO department (name) VALUES ('Of today')")
    yield names
    drop(postgres, "used_")


@pytest.fixture
def names(used):
    return used


@pytest.fixture
def new_names(postgres, new_names):
    """And whatever comes of them goes."""
    yield new_names
    drop(postgres, new_names["sunshine"].removesuffix("sunshine"))


@pytest.fixture
def place(environ, tmp_path):
    """The settings of the tests' commands."""
    return load(environ | {"DIR": str(tmp_path / "resources")}, home=tmp_path)


@pytest.fixture
def backup(company, tmp_path):
    """A copy of the company's backup."""
    return Path(shutil.copytree(company.folder, tmp_path / "shelf" / company.folder.name))


@pytest.fixture
def unchanged(postgres, used, place, sql):
    """After the test: the same databases with the same rows, and no file."""
    before = databases(postgres, used)
    yield
    assert databases(postgres, used) == before == sorted(DATABASES)
    assert sql("SELECT name FROM department").fetchall() == [("Of today",)]
    assert stored(place) == {}


@pytest.fixture
def slow(tmp_path, postgres):
    """PG_BIN_DIR with a pg_dump that tells it was begun, and then takes its time."""
    folder = tmp_path / "bin"
    folder.mkdir()
    begun = tmp_path / "begun"
    real = pg_tools.find(None, 18).folder
    for name in ("pg_restore", "psql"):
        (folder / name).symlink_to(real / name)
    (folder / "pg_dump").write_text(
        "#!/bin/sh\n"
        f'[ "$1" = --version ] && exec "{real}/pg_dump" --version\n'
        f'env > "{tmp_path}/environment"; echo "$0 $*" > "{tmp_path}/arguments"\n'
        f'[ -n "$PGPASSFILE" ] && cat "$PGPASSFILE" > "{tmp_path}/passfile"\n'
        f'touch "{begun}"; [ -n "$HURRY" ] || sleep 20\n'
        f'exec "{real}/pg_dump" "$@"\n'
    )
    (folder / "pg_dump").chmod(0o755)
    return folder
