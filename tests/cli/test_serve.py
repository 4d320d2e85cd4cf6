"""`sunshine serve`: what production does not start with is one line and exit 78 (contract 2.16)."""

import pytest

from sunshine.core.variables import EXAMPLE_SECRETS

LONG = "9d1f6c0e47ab82353be07cd1fa48265e"
SAFE = {"APP_ENV": "production", "JWT_SECRET": LONG, "CORS_ORIGINS": "https://office.example"}
UNSAFE = [
    ({"JWT_SECRET": ""}, "JWT_SECRET: required"),
    ({"JWT_SECRET": LONG[1:]}, "JWT_SECRET: must be at least 32 bytes"),
    *[({"JWT_SECRET": secret}, "JWT_SECRET: is the documentation's") for secret in EXAMPLE_SECRETS],
    ({"CORS_ORIGINS": ""}, "CORS_ORIGINS: name the allowed origins"),
    ({"CORS_ORIGINS": "*"}, "CORS_ORIGINS: name the allowed origins"),
    ({"CORS_ORIGINS": "https://office.example,*"}, "CORS_ORIGINS: name the allowed origins"),
]


@pytest.mark.parametrize("environment", ["APP_ENV", "NODE_ENV"])
@pytest.mark.parametrize(("changes", "told"), UNSAFE)
def test_what_is_unsafe_is_not_started(sunshine, environment, changes, told, monkeypatch):
    started: list = []
    monkeypatch.setattr("server.serve", started.append)
    given = {**SAFE, "APP_ENV": "", environment: "production", **changes}
    done = sunshine("serve", **given)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (78, "", 1)
    assert told in done.stderr
    assert started == []
    secret = changes.get("JWT_SECRET")
    assert not secret or secret not in done.stderr
    assert sunshine("config", "check", **given).returncode == 78


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604])
def test_a_file_that_others_read_is_not_started_with(sunshine, tmp_path, monkeypatch, mode):
    started: list = []

    def serve(settings, **_):
        started.append(settings)
        return 0

    monkeypatch.setattr("server.serve", serve)
    (tmp_path / ".env").write_text(f"JWT_SECRET={LONG}\n")
    (tmp_path / ".env").chmod(mode)
    given = SAFE | {"JWT_SECRET": ""}
    done = sunshine("serve", **given)
    assert (done.returncode, done.stderr.count("\n")) == (78, 1)
    assert f"{tmp_path / '.env'}: readable by others; chmod 600 it" in done.stderr
    assert started == []
    (tmp_path / ".env").chmod(0o600)
    assert sunshine("serve", **given).returncode == 0
    assert [settings.jwt_secret for settings in started] == [LONG]


def test_it_is_said_by_the_program_itself(process):
    done = process("serve", APP_ENV="production", JWT_SECRET=LONG, CORS_ORIGINS="*")
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (78, "", 1)
