"""`sunshine fleet`: drivers and vehicles from the command line."""

import json

import pytest

PASSWORD = "correct horse 9"


@pytest.fixture
def yard(sql):
    """A driver with a vehicle."""
    sql(
        "WITH d AS (INSERT INTO driver (name, license_number, license_expiry)"
        " VALUES ('Dewi', 'DL-1', '2020-01-01') RETURNING id),"
        " v AS (INSERT INTO vehicle (plate_number, type) VALUES ('B 1 XY', 'van') RETURNING id)"
        " INSERT INTO vehicle_driver (vehicle_id, driver_id, since)"
        " SELECT v.id, d.id, now() FROM d, v",
        "fleet",
    )


def shown(sunshine, *arguments):
    done = sunshine("fleet", *arguments, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_it_lists_drivers_and_vehicles(sunshine, yard):
    [driver] = shown(sunshine, "drivers")
    assert (driver["name"], driver["licenseStatus"], driver["plateNumber"]) == (
        "Dewi",
        "expired",
        "B 1 XY",
    )
    [vehicle] = shown(sunshine, "vehicles")
    assert (vehicle["plateNumber"], vehicle["driver"]) == ("B 1 XY", "Dewi")
    assert shown(sunshine, "drivers", "--status", "inactive") == []
    assert shown(sunshine, "vehicles", "--search", "nothing") == []


def test_it_gives_credentials(sunshine, yard):
    arguments = ("fleet", "credentials", "dl-1", "dewi", "--password-stdin")
    done = sunshine(*arguments, stdin=PASSWORD)
    assert done.returncode == 0, done.stderr
    assert "Dewi may sign in as dewi" in done.stderr
    [driver] = shown(sunshine, "drivers")
    assert driver["username"] == "dewi"


def test_it_unlocks_whoever_signs_in_by_that_name(sunshine, yard, sql):
    arguments = ("fleet", "credentials", "dl-1", "dewi", "--password-stdin")
    assert sunshine(*arguments, stdin=PASSWORD).returncode == 0
    sql("UPDATE driver SET unlocked_at = NULL", "fleet")
    done = sunshine("fleet", "unlock", "DEWI")
    assert (done.returncode, done.stderr) == (0, "Dewi may try again from anywhere.\n")
    assert sql("SELECT unlocked_at IS NOT NULL FROM driver", "fleet").fetchall() == [(True,)]
    events = sql("SELECT entity FROM event WHERE type = 'driver_unlocked'", "fleet").fetchall()
    assert events == [("driver",)]
    done = sunshine("fleet", "unlock", "nobody")
    said = "Error: there is no driver who signs in as nobody\n"
    assert (done.returncode, done.stderr) == (3, said)


def test_it_refuses_easy_passwords_and_unknown_licences(sunshine, yard):
    arguments = ("fleet", "credentials", "--password-stdin")
    assert sunshine(*arguments, "DL-9", "dewi", stdin=PASSWORD).returncode == 3
    for guessed in ("password123", "dewi-2026!", "sunshine-2026"):
        easy = sunshine(*arguments, "DL-1", "x", stdin=guessed)
        assert easy.returncode == 2, guessed
        assert "easy to guess" in easy.stderr
