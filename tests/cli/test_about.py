"""`sunshine version`, `completion`, `routes`."""

import json
import subprocess

import pytest

import sunshine as package


def test_version_in_a_pipe_and_as_json(sunshine):
    assert f"sunshine\t{package.__version__}" in sunshine("version").stdout.splitlines()
    assert json.loads(sunshine("version", "--json").stdout)["sunshine"] == package.__version__


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_is_a_script_of_the_shell(sunshine, shell):
    done = sunshine("completion", shell)
    assert done.returncode == 0
    assert "_SUNSHINE_COMPLETE" in done.stdout
    assert done.stderr == ""


def test_the_bash_completion_is_sound(process):
    script = process("completion", "bash").stdout
    subprocess.run(["bash", "-n"], input=script, text=True, check=True)
    found = process(
        _SUNSHINE_COMPLETE="bash_complete", COMP_WORDS="sunshine users se", COMP_CWORD="2"
    )
    assert "set-password" in found.stdout


def test_routes_lists_every_endpoint_with_its_access(sunshine):
    rows = json.loads(sunshine("routes", "--json").stdout)
    found = {(row["method"], row["path"]): row for row in rows}
    assert found["POST", "/api/auth/login"]["access"] == "public"
    assert found["POST", "/api/users"]["access"] == "signed in, users:write"
    assert found["POST", "/api/users"]["handler"] == "handlers.users.accounts.Users"
    assert {method for method, _ in found} == {"GET", "POST", "PUT", "DELETE"}


def test_routes_of_one_module(sunshine):
    rows = json.loads(sunshine("routes", "users", "--json").stdout)
    assert {row["handler"].rpartition(".")[0] for row in rows} == {"handlers.users.accounts"}
    for word, count in {
        "leave": 16, "meeting-rooms": 14, "meeting_rooms": 14, "holidays": 5, "assets": 21,
        "/api/leave/holidays": 5, "/api/leave/": 16, "auth": 6,
    }.items():  # fmt: skip
        assert len(json.loads(sunshine("routes", word, "--json").stdout)) == count, word
    done = sunshine("routes", "nonsense")
    assert (done.returncode, done.stdout) == (3, "")
