"""The wheel: what is in it, and that it runs where nothing else of ours is."""

import os
import re
import shutil
import signal
import subprocess
import sys
import tomllib
import uuid
import venv
import zipfile
from importlib.metadata import version
from pathlib import Path

import psycopg
import pytest
from packaging.requirements import Requirement
from packaging.version import Version

from sunshine import __version__
from sunshine.core.variables import DATABASES

ROOT = Path(__file__).parents[2]
# Below these: known holes, or behaviour that this code relies on (docs/decisions).
FLOORS = {
    "tornado": "6.6.1",
    "pyjwt": "2.15",
    "bcrypt": "5",
    "psycopg": "3.3",
    "sqlalchemy": "2.1",
    "cerberus": "1.3.8",
    "nh3": "0.3",
    "motor": "3.7.1",
    "pymongo": "4.20.1",
}
SOURCES = ("cli.py", "server.py", "handlers", "models", "sunshine", "config", "migrations",
           "setup.py", "pyproject.toml", "README.md", "LICENSE", "tests")  # fmt: skip


def files(folder):
    """Every file below a folder of the checkout, from the root."""
    found = (ROOT / folder).rglob("*")
    return [f.relative_to(ROOT) for f in found if f.is_file() and "__pycache__" not in f.parts]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """Built from a copy: the build leaves folders behind."""
    copy = tmp_path_factory.mktemp("copy")
    for name in SOURCES:
        if (ROOT / name).is_dir():
            ignored = shutil.ignore_patterns("__pycache__")
            shutil.copytree(ROOT / name, copy / name, ignore=ignored)
        else:
            shutil.copy(ROOT / name, copy)
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", copy / "out"]
    built = subprocess.run(command, cwd=copy, capture_output=True, text=True)
    assert built.returncode == 0, built.stdout + built.stderr
    (made,) = (copy / "out").glob("*.whl")
    return made


@pytest.fixture(scope="module")
def contents(wheel):
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory):
    """The installed command: the wheel in a venv that borrows this one's dependencies."""
    home = tmp_path_factory.mktemp("venv") / "v"
    venv.create(home, symlinks=True)
    (packages,) = home.glob("lib/python*/site-packages")
    # Installing a wheel of pure Python is unpacking it, and here pip may be missing.
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(packages)
    borrowed = [path for path in sys.path if path.endswith("site-packages")]
    (packages / "dependencies.pth").write_text("\n".join(borrowed))
    entry = (
        "from importlib.metadata import entry_points as e; (c,) = e(name='sunshine'); c.load()()"
    )
    return [home / "bin" / "python", "-I", "-c", entry]


@pytest.mark.parametrize("taken", ["cli.py", "models/__init__.py", "earlier"])
def test_it_runs_nothing_that_another_distribution_put_in_its_place(installed, tmp_path, taken):
    """Copies of both, for others use the installed one."""
    home = tmp_path / "v"
    shutil.copytree(Path(installed[0]).parents[1], home, symlinks=True)
    (packages,) = home.glob("lib/python*/site-packages")
    if taken == "earlier":
        (tmp_path / "server.py").write_text("print('not ours')")
        (packages / "a_first.pth").write_text(f"import sys; sys.path.insert(0, {str(tmp_path)!r})")
    else:
        (packages / taken).write_text("print('not ours')")
    done = subprocess.run(
        [home / "bin" / "python", *installed[1:], "--version"], capture_output=True, text=True
    )
    name = "server" if taken == "earlier" else taken.partition("/")[0].removesuffix(".py")
    assert (done.returncode, done.stdout) == (78, "")
    assert done.stderr.startswith(f"Error: `{name}` is another distribution's (")
    assert done.stderr.count("\n") == 1


@pytest.fixture
def environ(postgres):
    """Leads to four databases that do not exist yet."""
    prefix = f"wheel_{uuid.uuid4().hex[:12]}"
    names = {f"PG_{name.upper()}_DB": f"{prefix}_{name}" for name in DATABASES}
    yield {
        "PATH": os.environ["PATH"],
        **names,
        "PG_SUNSHINE_HOST": postgres.host,
        "PG_SUNSHINE_PORT": str(postgres.port),
        "PG_SUNSHINE_USER": postgres.user,
    }
    # An ordinary role may not end an autovacuum worker.
    where = {"host": postgres.host, "port": postgres.port, "user": "postgres"}
    with psycopg.connect(**where, dbname="postgres", autocommit=True) as connection:
        for name in names.values():
            connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def test_it_installs_these_and_nothing_else(contents):
    information = f"sunshine-{__version__}.dist-info"
    assert {name.partition("/")[0] for name in contents} == {
        "sunshine", "handlers", "models", "cli.py", "server.py", information,
    }  # fmt: skip
    assert not [name for name in contents if re.search(r"(^|/)(tests|__pycache__)(/|$)", name)]


@pytest.mark.parametrize("package", ["sunshine", "handlers", "models"])
def test_no_module_of_ours_is_left_out(contents, package):
    assert {name.as_posix() for name in files(package)} - contents == set()


@pytest.mark.parametrize("folder", ["config", "migrations"])
def test_it_carries_config_and_migrations_as_data(contents, folder):
    assert {f"sunshine/{name.as_posix()}" for name in files(folder)} - contents == set()


def test_the_folders_it_replaces_are_not_packages_of_the_checkout():
    assert not (ROOT / "sunshine" / "migrations").exists()
    assert not (ROOT / "sunshine" / "config").exists()


def test_it_runs_from_an_empty_folder(installed, environ, tmp_path):
    def sunshine(*arguments):
        return subprocess.run(
            [*installed, *arguments], cwd=tmp_path, env=environ, capture_output=True, text=True
        )

    assert f"sunshine\t{__version__}" in sunshine("version").stdout
    assert "SERVER_PORT\t3601\tdefault" in sunshine("config", "show").stdout
    assert sunshine("db", "status").returncode == 4
    assert sunshine("db", "upgrade").returncode == 0
    assert sunshine("db", "status").returncode == 0
    checked = sunshine("db", "check")
    assert (checked.returncode, checked.stderr) == (0, "No difference.\n")
    assert sunshine("routes").returncode == 0
    assert list(tmp_path.iterdir()) == []


def test_it_serves_from_an_empty_folder(installed, environ, tmp_path):
    with subprocess.Popen(
        [*installed, "serve", "--address", "127.0.0.1", "--port", "0"],
        cwd=tmp_path,
        env=environ,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stderr
        said = ""
        for line in process.stderr:
            said += line
            if "is ready" in line:
                process.send_signal(signal.SIGTERM)
    assert process.returncode == 0, said
    assert "password" in said
    assert re.search(r"^    sunshine demo ", said, re.MULTILINE)
    assert "bin/sunshine" not in said
    assert re.search(r"http://localhost:\d+/api/docs$", said, re.MULTILINE)


@pytest.mark.parametrize("name", FLOORS)
def test_no_older_version_is_asked_for_or_installed(name):
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = {found.name.lower(): found for found in map(Requirement, project["dependencies"])}
    lowest = [Version(s.version) for s in wanted[name].specifier if s.operator in (">=", "~=")]
    assert lowest
    assert max(lowest) >= Version(FLOORS[name])
    assert Version(version(name)) >= Version(FLOORS[name])
