"""`sunshine config`: settings shown without their secrets, and checked."""

import json

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
    assert sunshine("config", "check").returncode == 0
    assert json.loads(sunshine("config", "check", "--json").stdout) == []


def test_unusable_settings_stop_every_command(process):
    for command in (("serve",), ("users", "list"), ("db", "status"), ("demo",)):
        done = process(*command, APP_ENV="production", JWT_SECRET="short")
        assert (done.returncode, done.stdout) == (78, "")
        assert "JWT_SECRET: must be at least 32 bytes" in done.stderr
        assert "Traceback" not in done.stderr
