"""Settings: the environment, then .env; every mistake at once; what production refuses."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from sunshine.core import environment
from sunshine.core.environment import SettingsError
from sunshine.core.settings import Settings
from sunshine.core.variables import DATABASE_KEYS, DATABASES, VARIABLES, example

LONG = "9d1f6c0e47ab82353be07cd1fa48265e"
PRODUCTION = {
    "APP_ENV": "production", "JWT_SECRET": LONG, "CORS_ORIGINS": "https://office.example.com",
}  # fmt: skip


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path


def load(home: Path, environ: dict[str, str] | None = None, file: str | None = None) -> Settings:
    if file is not None:
        (home / ".env").write_text(file, encoding="utf-8")
        (home / ".env").chmod(0o600)
    return environment.load(environ or {}, home)


def mistakes(home: Path, environ: dict[str, str], file: str | None = None) -> list[str]:
    with pytest.raises(SettingsError) as refusal:
        load(home, environ, file)
    return refusal.value.lines


def test_it_needs_nothing(home: Path) -> None:
    found = load(home)
    assert (found.environment, found.port, found.address) == ("development", 3601, "")
    assert found.base_domain == "http://localhost:3601"
    assert found.directory == home / "resources"
    assert found.embedded
    assert found.cors_origins == ("*",)
    assert str(found.business_tz) == "UTC"
    assert not found.production
    assert list(found.databases) == ["sunshine", "fleet", "cms", "mitra"]
    assert [database.database for database in found.databases.values()] == [
        "sunshine_db", "fleet_db", "cms_db", "mitra_db",
    ]  # fmt: skip


def test_it_knows_every_variable_of_the_original_template() -> None:
    names = {
        "NODE_ENV", "SERVER_ADDRESS", "SERVER_PORT", "BASE_DOMAIN", "DIR", "JWT_SECRET",
        "JWT_EXPIRATION", "MONGO_MITRA", "FIREBASE_SERVICE_ACCOUNT_PATH", "FIREBASE_DATABASE_URL",
    }  # fmt: skip
    names |= {f"PG_{database.upper()}_{key}" for database in DATABASES for key in DATABASE_KEYS}
    assert names <= VARIABLES.keys()


def test_it_takes_the_environment_before_the_file(home: Path) -> None:
    file = "SERVER_PORT=4000\nserver_address=10.0.0.1\n"
    found = load(home, {"server_port": "5000", "SERVER_ADDRESS": ""}, file)
    assert (found.port, found.address) == (5000, "10.0.0.1")


def test_it_takes_the_home_folder_from_the_environment(home: Path) -> None:
    (home / ".env").write_text("SERVER_PORT=4000")
    assert environment.load({"SUNSHINE_HOME": str(home)}).port == 4000


def test_it_reads_a_secret_from_a_file(home: Path) -> None:
    (home / "secret").write_text(f"{LONG}\n")
    assert load(home, {"JWT_SECRET_FILE": str(home / "secret")}).jwt_secret == LONG
    assert load(home, {"jwt_secret_file": str(home / "secret")}).jwt_secret == LONG
    [line] = mistakes(home, {"JWT_SECRET_FILE": str(home / "nothing")})
    assert line.startswith("JWT_SECRET_FILE: cannot read")


def test_it_does_not_expand_what_the_file_says(home: Path) -> None:
    assert load(home, file="JWT_SECRET='a$HOME${PATH}'").jwt_secret == "a$HOME${PATH}"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SERVER_PORT", "abc"), ("SERVER_PORT", "65536"), ("SERVER_PORT", "-1"),
        ("SERVER_PORT", "80.0"), ("SERVER_PORT", "٣"), ("JWT_EXPIRATION", "0"),
        ("BUSINESS_TZ", "Mars/Phobos"), ("BUSINESS_TZ", "../etc"), ("NODE_ENV", "staging"),
        ("APP_ENV", "Production"), ("LOG_LEVEL", "loud"), ("LOG_SQL", "maybe"),
        ("BASE_DOMAIN", "example.com"), ("PG_FLEET_DIALECT", "mysql"), ("BCRYPT_COST", "3"),
        ("PG_SUNSHINE_MAX_POOL", "0"), ("EVENT_LOOP", "trio"), ("LOG_FORMAT", "xml"),
        ("TRUSTED_PROXIES", "10.0.0.0/8,nginx"), ("TRUSTED_PROXIES", "10.0.0.1/8"),
        ("BUSINESS_HOURS", "9:00-17:00"), ("BUSINESS_HOURS", "17:00-09:00"),
        ("BUSINESS_HOURS", "09:00-24:01"), ("BUSINESS_HOURS", "09:00-09:00"),
        ("BUSINESS_HOURS", "24:00-24:00"), ("BUSINESS_DAYS", "0"), ("BUSINESS_DAYS", "1,1"),
        ("BUSINESS_DAYS", "1,8"), ("BUSINESS_DAYS", "Mon-Fri"), ("BUSINESS_DAYS", ","),
        ("SLA_URGENT", "15"), ("SLA_HIGH", "0/60"), ("SLA_LOW", "60/1000000"),
        ("SLA_MEDIUM", "60/480m"),
    ],
)  # fmt: skip
def test_it_refuses_a_value_that_makes_no_sense(home: Path, name: str, value: str) -> None:
    [line] = mistakes(home, {name: value})
    assert line.startswith(f"{name}: ")
    assert repr(value) in line


def test_it_says_all_mistakes_at_once_and_what_was_meant(home: Path) -> None:
    lines = mistakes(
        home,
        {"SERVER_PROT": "1", "LOG_LEVEL": "loud", "PATH": "/bin", "SERVER_SOFTWARE": "x"},
        "JWT_SECERT=x\nNONSENSE=1\nSERVER_PORT=x\n",
    )
    assert len(lines) == 5
    text = "\n".join(lines)
    assert "SERVER_PROT: unknown variable, did you mean SERVER_PORT?" in text
    assert "did you mean JWT_SECRET?" in text
    assert "NONSENSE in " in text
    assert "LOG_LEVEL: " in text
    assert "SERVER_PORT: must be a whole number (got 'x')" in text


def test_it_never_says_a_secret(home: Path) -> None:
    environ = {
        "JWT_SECRET": "hush", "PG_SUNSHINE_PASSWORD": "hush", "MONGO_MITRA": "mongodb://hush",
        "APP_ENV": "production", "SERVER_PORT": "x",
    }  # fmt: skip
    assert "hush" not in "\n".join(mistakes(home, environ))
    assert "hush" not in "\n".join(mistakes(home, environ | {"SERVER_PORT": "1"}))


def test_it_lets_one_server_serve_all_databases(home: Path) -> None:
    found = load(home, {
        "PG_SUNSHINE_HOST": "db1", "PG_SUNSHINE_PORT": "6000", "PG_SUNSHINE_USER": "me",
        "PG_SUNSHINE_PASSWORD": "p", "PG_FLEET_HOST": "db2", "PG_FLEET_DB": "trucks",
        "PG_CMS_MIN_POOL": "9", "PG_CMS_MAX_POOL": "4", "PG_SUNSHINE_ACQUIRE_POOL": "30000",
    })  # fmt: skip
    assert not found.embedded
    databases = found.databases
    assert (databases["cms"].host, databases["cms"].port, databases["cms"].user) == (
        "db1", 6000, "me",
    )  # fmt: skip
    assert (databases["fleet"].host, databases["fleet"].port) == ("db2", 6000)
    assert (databases["fleet"].database, databases["mitra"].password) == ("trucks", "p")
    assert (databases["cms"].pool_min, databases["cms"].pool_max) == (4, 4)
    assert databases["sunshine"].pool_wait == 2.5


def test_it_takes_several_servers_and_tls_for_all_databases(home: Path) -> None:
    root, key = home / "root.crt", home / "client.key"
    for file in (root, key, home / "client.crt"):
        file.write_text("x")
        file.chmod(0o600)
    lines = f"""
        PG_SUNSHINE_HOST=db1, db2
        PG_SUNSHINE_PORT=5432,5433
        PG_SUNSHINE_SSLMODE=verify-full
        PG_SUNSHINE_SSLROOTCERT={root}
        PG_SUNSHINE_SSLCERT={home}/client.crt
        PG_SUNSHINE_SSLKEY={key}
        PG_FLEET_HOST=db3
        PG_FLEET_PORT=6000
        PG_FLEET_SSLMODE=require
        PG_CMS_HOST=db4,db5
        PG_CMS_PORT=7000
        PG_CMS_TARGET=any
    """
    found = load(home, file=lines).databases
    assert found["mitra"].libpq == found["sunshine"].libpq | {"dbname": "mitra_db"}
    assert found["sunshine"].libpq == {
        "host": "db1,db2", "port": "5432,5433", "user": "sunshine", "dbname": "sunshine_db",
        "sslmode": "verify-full", "sslrootcert": str(root), "sslcert": f"{home}/client.crt",
        "sslkey": str(key), "target_session_attrs": "read-write",
    }  # fmt: skip
    fleet, cms = found["fleet"].libpq, found["cms"].libpq
    assert (fleet["host"], fleet["port"], fleet["sslmode"]) == ("db3", "6000", "require")
    assert "target_session_attrs" not in fleet
    assert (cms["host"], cms["port"]) == ("db4,db5", "7000,7000")
    assert cms["target_session_attrs"] == "any"


def test_what_is_not_set_is_left_to_libpq(home: Path) -> None:
    """Its own environment counts then, as before."""
    assert load(home, {"PG_SUNSHINE_HOST": "db1"}).databases["cms"].libpq == {
        "host": "db1", "port": "5432", "user": "sunshine", "dbname": "cms_db",
    }  # fmt: skip


def test_the_authorities_of_the_system_are_a_file_that_every_program_knows(home: Path) -> None:
    found = load(home, {"PG_SUNSHINE_SSLROOTCERT": "system"}).databases["sunshine"]
    assert Path(found.sslrootcert).is_file()
    assert found.sslmode == "verify-full"
    environ = {"PG_SUNSHINE_SSLROOTCERT": "system", "PG_SUNSHINE_SSLMODE": "require"}
    [line] = mistakes(home, environ)
    assert line.startswith("PG_SUNSHINE_SSLMODE: must be verify-full")


@pytest.mark.parametrize(
    ("environ", "begins"),
    [
        ({"HOST": "a,b", "PORT": "1,2,3"}, "PG_SUNSHINE_PORT: 3 ports for 2 hosts"),
        ({"PORT": "1,2"}, "PG_SUNSHINE_PORT: 2 ports for 1 hosts"),
        ({"HOST": "a,,b"}, "PG_SUNSHINE_HOST: must be a host"),
        ({"PORT": "5432,"}, "PG_SUNSHINE_PORT: must be a whole number"),
        ({"PORT": "5432,65536"}, "PG_SUNSHINE_PORT: must be a port"),
        ({"PORT": "0"}, "PG_SUNSHINE_PORT: must be a port"),
        ({"SSLMODE": "on"}, "PG_SUNSHINE_SSLMODE: unallowed value on"),
        ({"TARGET": "master"}, "PG_SUNSHINE_TARGET: unallowed value master"),
        ({"SSLROOTCERT": "/no/such.crt"}, "PG_SUNSHINE_SSLROOTCERT: cannot read /no/such.crt"),
        ({"SSLROOTCERT": "/"}, "PG_SUNSHINE_SSLROOTCERT: cannot read /"),
        ({"SSLCERT": "{home}/own"}, "PG_SUNSHINE_SSLKEY: a certificate and its key"),
        ({"SSLKEY": "{home}/own"}, "PG_SUNSHINE_SSLCERT: a certificate and its key"),
        ({"SSLCERT": "{home}/own", "SSLKEY": "{home}/open"}, "PG_SUNSHINE_SSLKEY: {home}/open can"),
    ],
)  # fmt: skip
def test_it_refuses_a_way_to_the_database_that_leads_nowhere(
    home: Path, environ: dict[str, str], begins: str
) -> None:
    for name, mode in (("own", 0o600), ("open", 0o644)):
        (home / name).write_text("x")
        (home / name).chmod(mode)
    given = {f"PG_SUNSHINE_{key}": value.format(home=home) for key, value in environ.items()}
    [line] = mistakes(home, given)
    assert line.startswith(begins.format(home=home))


def test_a_key_that_is_given_in_place_of_its_file_is_never_said(home: Path) -> None:
    (home / "key").write_text("-----BEGIN PRIVATE KEY-----\nhush\n-----END PRIVATE KEY-----")
    (home / "own").write_text("x")
    environ = {
        "PG_SUNSHINE_SSLKEY_FILE": str(home / "key"), "PG_SUNSHINE_SSLCERT": str(home / "own"),
    }  # fmt: skip
    assert mistakes(home, environ) == ["PG_SUNSHINE_SSLKEY: is the file's content; name the file"]


@pytest.mark.parametrize("database", DATABASES)
@pytest.mark.parametrize("key", DATABASE_KEYS)
def test_what_names_a_server_and_nothing_else_switches_the_embedded_one_off(
    home: Path, database: str, key: str
) -> None:
    prefix, file = f"PG_{database.upper()}", home / "pem"
    file.write_text("x")
    file.chmod(0o600)
    values = {
        "HOST": "db1", "PORT": "6000", "DIALECT": "postgres", "SSLMODE": "require",
        "TARGET": "any", "SSLROOTCERT": str(file),
    }  # fmt: skip
    pair = ("SSLCERT", "SSLKEY")  # one is nothing without the other
    given = {name: str(file) for name in pair} if key in pair else {key: values.get(key, "1000")}
    names = {f"{prefix}_{name}": value for name, value in given.items()}
    found = load(home, {**names, "PG_WAIT_SECONDS": "5", "PG_BIN_DIR": "/opt/pg"})
    assert found.embedded == (key in ("DIALECT", "MAX_POOL", "MIN_POOL", "ACQUIRE_POOL",
                                      "IDLE_POOL"))  # fmt: skip
    assert found.server_named_by == (() if found.embedded else tuple(names))


def test_it_splits_lists(home: Path) -> None:
    found = load(home, {
        "CORS_ORIGINS": " https://a.example/ ,https://b.example,, ",
        "TRUSTED_PROXIES": "10.0.0.0/8, ::1",
    })  # fmt: skip
    assert found.cors_origins == ("https://a.example", "https://b.example")
    assert found.trusted_proxies == ("10.0.0.0/8", "::1")


@pytest.mark.parametrize("name", ["APP_ENV", "NODE_ENV"])
def test_it_starts_in_production_with_what_is_safe(home: Path, name: str) -> None:
    environ = {**PRODUCTION, name: "production"}
    if name != "APP_ENV":
        del environ["APP_ENV"]
    assert load(home, environ).production


def test_it_lets_app_env_win(home: Path) -> None:
    assert not load(home, {"APP_ENV": "development", "NODE_ENV": "production"}).production


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"JWT_SECRET": ""}, "JWT_SECRET"),
        ({"JWT_SECRET": LONG[1:]}, "JWT_SECRET"),
        ({"JWT_SECRET": "your_very_long_random_secret_key_min_32_characters"}, "JWT_SECRET"),
        ({"CORS_ORIGINS": "*"}, "CORS_ORIGINS"),
        ({"CORS_ORIGINS": ""}, "CORS_ORIGINS"),
        ({"CORS_ORIGINS": "https://a.example,*"}, "CORS_ORIGINS"),
    ],
)
def test_it_refuses_production_with_what_is_unsafe(
    home: Path, changes: dict[str, str], named: str
) -> None:
    [line] = mistakes(home, PRODUCTION | changes)
    assert line.startswith(f"{named}: ")
    assert load(home, PRODUCTION | changes | {"APP_ENV": "development"})


@pytest.mark.parametrize(
    ("value", "taken"),
    [
        ("https://files.example.com", "https://files.example.com"),
        ("https://Files.Example.com/", "https://files.example.com"),
        ("https://files.example.com:8443", "https://files.example.com:8443"),
    ],
)
def test_it_takes_an_origin_for_files(home: Path, value: str, taken: str) -> None:
    given = PRODUCTION | {"FILES_ORIGIN": value, "BASE_DOMAIN": "https://api.example.com/base"}
    assert load(home, given).files_origin == load(home, given).files_base == taken
    del given["FILES_ORIGIN"]
    assert load(home, given).files_base == "https://api.example.com/base"


@pytest.mark.parametrize(
    "value",
    ["files.example.com", "//files.example.com", "ftp://files.example.com", "https://",
     "https://files.example.com/base", "https://files.example.com?x", "https://a@files.example.com",
     "https://files.example.com#x", "https://fïles.example.com", "https://files.example.com:port",
     "https://[files", "https://api.example.com", "https://API.example.com:8443",
     "https://app.example.com", "http://files.example.com"],
)  # fmt: skip
def test_it_refuses_what_is_no_other_host_for_files(home: Path, value: str) -> None:
    """Nor one that pages of the company come from, nor an open line in production."""
    given = PRODUCTION | {
        "FILES_ORIGIN": value, "BASE_DOMAIN": "https://api.example.com",
        "CORS_ORIGINS": "https://app.example.com",
    }  # fmt: skip
    [line] = mistakes(home, given)
    assert "FILES_ORIGIN" in line


ACCOUNT = {
    "type": "service_account", "project_id": "sunshine", "client_email": "push@example.com",
    "private_key": "-----BEGIN PRIVATE KEY-----\nMII\n-----END PRIVATE KEY-----\n",
}  # fmt: skip


def test_it_takes_a_service_account(home: Path) -> None:
    (home / "push.json").write_text(json.dumps(ACCOUNT))
    assert load(home, {"FIREBASE_SERVICE_ACCOUNT_PATH": str(home / "push.json")})


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "No such file"),
        (b"", "no JSON"),
        (b"\xff\xfe{}", "no JSON"),
        (b"[" * 5000, "no JSON"),
        (b"[]", '"type"'),
        (b'{"type": "authorized_user"}', '"type"'),
        (json.dumps(ACCOUNT).encode() + b" " * 100_000, '"type"'),
        *((json.dumps(ACCOUNT | {name: " "}).encode(), name)
          for name in ("project_id", "client_email", "private_key")),
        (json.dumps(ACCOUNT | {"client_email": 5}).encode(), "client_email"),
        (json.dumps(ACCOUNT | {"private_key": "a key"}).encode(), "private_key"),
    ],
)  # fmt: skip
def test_it_refuses_what_is_no_service_account(
    home: Path, content: bytes | None, said: str
) -> None:
    file = home / "push.json"
    if content is not None:
        file.write_bytes(content)
    [line] = mistakes(home, {"FIREBASE_SERVICE_ACCOUNT_PATH": str(file)})
    assert line.startswith(f"FIREBASE_SERVICE_ACCOUNT_PATH: {file} ")
    assert said in line
    [line] = mistakes(home, {"FIREBASE_SERVICE_ACCOUNT_PATH": str(home)})
    assert "directory" in line


def test_it_counts_the_bytes_of_a_secret(home: Path) -> None:
    assert load(home, PRODUCTION | {"JWT_SECRET": "éÿàûçøñîôßæðüåêáþùòì"})


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604])
def test_it_refuses_production_with_a_file_that_others_read(home: Path, mode: int) -> None:
    load(home, PRODUCTION, "SERVER_PORT=4000")
    (home / ".env").chmod(mode)
    [line] = mistakes(home, PRODUCTION)
    assert "readable by others" in line


def test_it_says_everything_that_is_unsafe_at_once(home: Path) -> None:
    assert len(mistakes(home, {"NODE_ENV": "production"})) == 2


def test_it_survives_a_file_that_is_no_text(home: Path) -> None:
    (home / ".env").write_bytes(b"\xff\xfe\x00")
    lines = mistakes(home, {})
    assert any("cannot be read" in line for line in lines)


def test_it_writes_an_example_that_it_takes_itself(home: Path) -> None:
    text = example()
    assert all(f"\n#{name}=" in text for name in VARIABLES)
    plain: Any = load(home).values
    assert load(home, file=text).values == plain


def test_it_knows_when_tickets_are_due(home: Path) -> None:
    hour = timedelta(hours=1)
    policy = load(home).policy
    assert policy.business_hours == (9 * hour, 17 * hour)
    assert policy.business_days == {1, 2, 3, 4, 5}
    assert policy.sla == {
        "urgent": (hour / 4, hour), "high": (hour, 4 * hour), "medium": (hour, 8 * hour),
        "low": (4 * hour, 16 * hour),
    }  # fmt: skip
    given = {"BUSINESS_HOURS": "00:00-24:00", "BUSINESS_DAYS": "7, 6", "SLA_HIGH": "5/99999"}
    policy = load(home, given).policy
    assert policy.business_hours == (0 * hour, 24 * hour)
    assert policy.business_days == {6, 7}
    assert policy.sla["high"] == (hour / 12, hour / 60 * 99_999)
