"""`sunshine config`: settings shown without their secrets, and checked."""

import json
import secrets

import pytest

from sunshine.core.unsafe_settings import weakness

SECRET = "0123456789abcdef0123456789abcdef-x"


def shown(sunshine, *names, **environ):
    rows = json.loads(sunshine("config", "show", "--json", *names, **environ).stdout)
    return {row["name"]: row for row in rows}


def test_it_shows_value_source_and_meaning(sunshine, tmp_path):
    (tmp_path / ".env").write_text("server_port=4000\nBUSINESS_TZ=Asia/Jakarta\n")
    rows = shown(sunshine, BUSINESS_TZ="UTC")
    assert (rows["SERVER_PORT"]["value"], rows["SERVER_PORT"]["source"]) == (
        4000, str(tmp_path / ".env"),
    )  # fmt: skip
    assert (rows["BUSINESS_TZ"]["value"], rows["BUSINESS_TZ"]["source"]) == ("UTC", "environment")
    assert (rows["LOG_LEVEL"]["value"], rows["LOG_LEVEL"]["source"]) == ("info", "default")
    assert all(row["help"] for row in rows.values())


def test_it_never_shows_a_secret(sunshine, tmp_path):
    (tmp_path / "secret").write_text(SECRET)
    given = {
        "JWT_SECRET_FILE": str(tmp_path / "secret"),
        "PG_SUNSHINE_PASSWORD": "pass-word-1",
        "MONGO_MITRA": "mongodb://me:pass-word-2@host/db",
    }
    done = sunshine("config", "show", **given)
    assert done.returncode == 0
    for secret in (SECRET, "pass-word-1", "pass-word-2"):
        assert secret not in done.stdout + done.stderr
    rows = shown(sunshine, **given)
    assert rows["JWT_SECRET"]["value"] == "***"
    assert rows["JWT_SECRET"]["source"] == "environment (JWT_SECRET_FILE)"
    assert rows["PG_FLEET_PASSWORD"]["value"] is None


def test_it_shows_what_is_asked_for(sunshine):
    assert list(shown(sunshine, "cors")) == ["CORS_ORIGINS"]
    done = sunshine("config", "show", "nonsense")
    assert (done.returncode, done.stdout) == (3, "")


def test_check_names_every_mistake_at_once(sunshine):
    wrong = {"SERVER_PORT": "many", "LOG_LEVEL": "loud", "SERVER_PROT": "1"}
    done = sunshine("config", "check", **wrong)
    assert (done.returncode, done.stdout) == (78, "")
    for words in ("SERVER_PORT: ", "LOG_LEVEL: ", "did you mean SERVER_PORT?"):
        assert words in done.stderr
    assert done.stderr.count("Error: ") == 3
    assert len(json.loads(sunshine("config", "check", "--json", **wrong).stdout)) == 3


def test_check_is_content_with_good_settings(sunshine):
    assert sunshine("config", "check", **SAFE).returncode == 0
    assert json.loads(sunshine("config", "check", "--json", **SAFE).stdout) == []


def test_unusable_settings_stop_every_command(process):
    for command in (("serve",), ("users", "list"), ("db", "status"), ("demo",)):
        done = process(*command, APP_ENV="production", JWT_SECRET="short")
        assert (done.returncode, done.stdout) == (78, "")
        assert "JWT_SECRET: must be at least 32 bytes" in done.stderr
        assert "Traceback" not in done.stderr


DOUBTS = [
    ({"JWT_SECRET": "a" * 36}, "JWT_SECRET: is too regular"),
    ({"JWT_SECRET": "abc" * 12}, "JWT_SECRET: is too regular"),
    ({"JWT_SECRET": "password" * 5}, "JWT_SECRET: is too regular"),
    ({"JWT_SECRET": "0123456789abcdef" * 2}, "JWT_SECRET: is too regular"),
    ({"JWT_SECRET": "abcdefghijklmnopqrstuvwxyz0123456789"}, "JWT_SECRET: is too regular"),
    ({"JWT_SECRET": "short"}, "JWT_SECRET: must be at least 32 bytes"),
    ({"CORS_ORIGINS": "https://a.example,null"}, "CORS_ORIGINS: 'null'"),
    ({"TRUSTED_PROXIES": "0.0.0.0/0"}, "TRUSTED_PROXIES: 0.0.0.0/0 is everybody"),
    ({"TRUSTED_PROXIES": "127.0.0.1,::/0"}, "TRUSTED_PROXIES: ::/0 is everybody"),
    ({"METRICS_ALLOW": "128.0.0.0/1"}, "METRICS_ALLOW: 128.0.0.0/1 is everybody"),
    ({"METRICS_ALLOW": "2000::/3"}, "METRICS_ALLOW: 2000::/3 is everybody"),
    ({"RATE_LIMIT_ENABLED": "false"}, "RATE_LIMIT_ENABLED: false"),
    ({"BCRYPT_COST": "9"}, "BCRYPT_COST: 9"),
    ({"JWT_EXPIRATION": "2592001"}, "JWT_EXPIRATION: more than 30 days"),
]
SAFE = {"BCRYPT_COST": "10"}


@pytest.mark.parametrize(("given", "words"), DOUBTS)
def test_check_warns_of_what_should_not_stay_so(sunshine, given, words):
    done = sunshine("config", "check", **SAFE | given)
    assert (done.returncode, done.stdout) == (0, "")
    assert f"Warning: {words}" in done.stderr
    assert "The settings can be used, with 1 warning." in done.stderr
    secret = given.get("JWT_SECRET")
    assert not secret or secret not in done.stderr
    [line] = json.loads(sunshine("config", "check", "--json", **SAFE | given).stdout)
    assert line.startswith(f"warning: {words}")


@pytest.mark.parametrize(
    "given",
    [
        {"JWT_EXPIRATION": "2592000"}, {"TRUSTED_PROXIES": "10.0.0.0/8,fd00::/8"},
        {"METRICS_ALLOW": "192.168.0.0/16"}, {"JWT_SECRET": "9d1f6c0e47ab82353be07cd1fa48265e"},
        {"CORS_ORIGINS": "https://a.example"},
    ],
)  # fmt: skip
def test_check_warns_of_nothing_that_is_fine(sunshine, given):
    done = sunshine("config", "check", "--json", **SAFE | given)
    assert (done.returncode, json.loads(done.stdout)) == (0, [])
    assert done.stderr == "The settings are fine.\n"


@pytest.mark.parametrize(
    ("given", "begins"),
    [
        ({"PG_SUNSHINE_HOST": "db1"}, ["PG_SUNSHINE_SSLMODE: prefer; "]),
        ({"PG_SUNSHINE_HOST": "/run/postgresql,10.0.0.7", "PG_SUNSHINE_SSLMODE": "require"},
         ["PG_SUNSHINE_SSLMODE: require; whoever is between here and 10.0.0.7 "]),
        ({"PG_CMS_HOST": "db2"}, ["PG_CMS_SSLMODE: prefer; "]),
        ({"PG_SUNSHINE_HOST": "db1", "PG_SUNSHINE_SSLMODE": "verify-full"}, []),
        ({"PG_SUNSHINE_HOST": "db1", "PGSSLMODE": "verify-full"}, []),
        ({"PG_SUNSHINE_HOST": "localhost,127.0.0.1,::1,/run/postgresql"}, []),
        ({"PG_SUNSHINE_HOST": "db1", "APP_ENV": "development"}, []),
    ],
)  # fmt: skip
def test_check_warns_of_a_database_elsewhere_that_could_be_anybodys(sunshine, given, begins):
    production = {
        "APP_ENV": "production", "JWT_SECRET": "9d1f6c0e47ab82353be07cd1fa48265e",
        "CORS_ORIGINS": "https://a.example",
    }  # fmt: skip
    found = json.loads(sunshine("config", "check", "--json", **SAFE | production | given).stdout)
    assert len(found) == len(begins)
    for line, begin in zip(found, begins, strict=True):
        assert line.startswith(f"warning: {begin}")


@pytest.mark.parametrize("secret", ["a" * 36, "ab" * 20, "0123456789abcdef" * 2, "password" * 5])
def test_production_refuses_a_secret_that_is_no_secret(process, secret):
    given = {"APP_ENV": "production", "JWT_SECRET": secret, "CORS_ORIGINS": "https://a.example"}
    for command in (("config", "check"), ("serve",)):
        done = process(*command, **given)
        assert (done.returncode, done.stdout) == (78, "")
        assert "JWT_SECRET: is too regular" in done.stderr
        assert secret not in done.stderr


def test_no_secret_of_random_bits_is_refused():
    for _ in range(2000):
        for made in (secrets.token_hex(16), secrets.token_urlsafe(24), secrets.token_hex(32)):
            assert weakness(made) is None, made
