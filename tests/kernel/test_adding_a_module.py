"""docs/adding-a-module.md, followed to the letter in a copy of the tree: what it makes works."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from sunshine.database import migrations

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "adding-a-module.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"^```(python|diff) (\S+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
COPIED = (
    "cli.py", "server.py", "handlers", "models", "sunshine", "config", "migrations", "setup.py",
    "pyproject.toml", "README.md", "CHANGELOG.md", "docs", "tests", "bin", "benchmarks",
)  # fmt: skip
MOST_OUTSIDE = 8
HEAD = migrations.heads()["sunshine"]
# The new module's own, and of the whole tree what looks at every module.
RUN = (
    "tests/visitors",
    "tests/kernel/test_layers.py",
    "tests/openapi/test_description.py",
    "tests/kernel/test_routes.py::test_it_names_every_route_on_the_page",
    "tests/kernel/test_routes.py::test_it_guards_as_the_page_says",
    "tests/kernel/test_migrations.py::test_a_migrated_database_equals_the_declared_one[sunshine]",
)


def renumbered(text: str) -> str:
    """The page's revision, after the last one that there is."""
    return text.replace('"9999"', f'"{int(HEAD) + 1:04}"').replace('"0013"', f'"{HEAD}"')


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    for name in COPIED:
        source = ROOT / name
        if source.is_dir():
            ignored = shutil.ignore_patterns("__pycache__", "peers")
            shutil.copytree(source, tmp_path / name, ignore=ignored)
        else:
            shutil.copy(source, tmp_path)
    return tmp_path


def follow(page: str, folder: Path) -> tuple[set[str], set[str]]:
    """Write the page's files and make its changes; the paths of both."""
    made, changed = set(), set()
    for kind, path, text in BLOCK.findall(page):
        if kind == "python":
            file = folder / path.replace("9999", f"{int(HEAD) + 1:04}")
            file.parent.mkdir(parents=True, exist_ok=True)
            assert not file.exists(), path
            file.write_text(renumbered(text), encoding="utf-8")
            made.add(path)
            continue
        lines = text.splitlines()
        assert {line[0] for line in lines} <= set(" +-"), path
        before = "\n".join(line[1:] for line in lines if line[0] != "+")
        after = "\n".join(line[1:] for line in lines if line[0] != "-")
        file = folder / path
        whole = file.read_text(encoding="utf-8")
        assert whole.count(before) == 1, (path, before)
        file.write_text(whole.replace(before, after), encoding="utf-8")
        changed.add(path)
    return made, changed


@pytest.mark.machine
def test_the_recipe_makes_a_module_that_works(copy: Path) -> None:
    made, changed = follow(PAGE, copy)
    assert "sunshine/modules/visitors/visitors.py" in made
    assert len(changed) <= MOST_OUTSIDE, changed
    for command in (
        [sys.executable, "-m", "ruff", "check", "--no-cache", "."],
        [sys.executable, "-m", "ruff", "format", "--no-cache", "--check", "."],
        [sys.executable, "-m", "pytest", "-q", "-p", "no:xdist", "-p", "no:cacheprovider", *RUN],
    ):
        done = subprocess.run(command, cwd=copy, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
