"""The description as others read it: a linter, a generator of types, a compiler.

They come from npm, once per run, into a folder of their own: tests/system/node.
"""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

import handlers
from sunshine.web.openapi.document import describe

NODE = Path(__file__).with_name("node")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the tools, the description and what was generated of it."""
    made = tmp_path_factory.mktemp("node") / "project"
    shutil.copytree(NODE, made)
    run(made, "npm", "install", "--no-audit", "--no-fund", "--silent")
    document = describe(handlers.routes, server="https://api.sunshine.test")
    (made / "openapi.json").write_text(json.dumps(document))
    return made


def run(folder: Path, *command: str) -> str:
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, timeout=600, check=False
    )
    assert done.returncode == 0, (done.stdout + done.stderr)[-5000:]
    return done.stdout


def test_the_linter_finds_nothing(folder: Path) -> None:
    said = run(folder, "npx", "redocly", "lint", "openapi.json", "--format=json")
    found = json.loads(said)
    assert found["problems"] == []
    assert found["totals"]["errors"] == 0


def test_the_generated_typescript_compiles(folder: Path) -> None:
    run(folder, "npx", "openapi-typescript", "openapi.json", "--output", "api.d.ts")
    generated = (folder / "api.d.ts").read_text()
    assert "/api/employees/{employeeId}" in generated
    run(folder, "npx", "tsc", "--noEmit", "--strict", "--target", "es2022", "client.ts")
