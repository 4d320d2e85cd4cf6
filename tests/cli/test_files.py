"""`sunshine files`: what is stored, what is swept, whether it is whole."""

import hashlib
import json
import os
import time

import pytest

NAMED = "ticketing/" + "0" * 32 + "-Ünal.txt"
PHOTO = "employee/attendance/photo.jpg"


@pytest.fixture
def disk(tmp_path, sql):
    """Files, and rows that name them."""
    made = {NAMED: b"named", PHOTO: b"photo", "onapps/a.png": b"set", "employee/orphan.txt": b"x"}
    for path, content in made.items():
        file = tmp_path / "resources/static" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
        age(file, 25)
        digest = hashlib.sha256(content).hexdigest()
        sql(
            "INSERT INTO stored_file (path, size, sha256, created_at)"
            f" VALUES ('{path}', {len(content)}, '{digest}', now())"
        )
    sql(
        "WITH e AS (INSERT INTO employee (name) VALUES ('Dewi') RETURNING id),"
        " a AS (INSERT INTO attendance (employee_id, work_date, status, check_in_at,"
        f" check_in_photo) SELECT id, '2024-01-15', 'present', now(), '{PHOTO}' FROM e)"
        " INSERT INTO ticket (title, reported_by_id, first_response_due_at, due_at, attachments)"
        f" SELECT 'X', id, now(), now(), ARRAY['https://x/y', '/api/static/{NAMED}'] FROM e"
    )
    sql(
        "INSERT INTO onapps_setting (id, settings, updated_at)"
        """ VALUES (1, '{"a": [{"b": "/api/static/onapps/a.png"}]}', now())"""
    )
    return tmp_path / "resources"


def age(file, hours):
    then = time.time() - hours * 3600
    os.utime(file, (then, then))


def checked(sunshine, *arguments):
    done = sunshine("files", "check", *arguments, "--json")
    found = json.loads(done.stdout)
    assert done.returncode == (4 if found else 0), done.stderr
    return {(row["problem"], row["path"]) for row in found}


def test_it_lists_what_is_kept_and_what_waits(sunshine, disk):
    (disk / "temp").mkdir()
    (disk / "temp/waits").write_bytes(b"abc")
    rows = json.loads(sunshine("files", "list", "--json").stdout)
    assert [row["place"] for row in rows] == sorted(
        f"static/{path}" for path in (NAMED, PHOTO, "onapps/a.png", "employee/orphan.txt")
    )
    [waiting] = json.loads(sunshine("files", "list", "--temp", "--json").stdout)
    assert (waiting["place"], waiting["size"]) == ("temp/waits", 3)
    assert sunshine("files", "list").stdout.startswith("place\tsize\tmodified\n")


def test_it_finds_what_no_row_names(sunshine, disk):
    assert checked(sunshine) == {("orphan", "employee/orphan.txt")}
    age(disk / "static/employee/orphan.txt", 0.5)
    assert checked(sunshine) == set(), "it may be of a change that is being made"
    done = sunshine("files", "check")
    assert (done.returncode, "as they should be" in done.stderr) == (0, True)


@pytest.mark.parametrize("path", [NAMED, PHOTO, "onapps/a.png"])
def test_it_finds_what_is_missing(sunshine, disk, path):
    (disk / "static" / path).unlink()
    assert checked(sunshine) == {("orphan", "employee/orphan.txt"), ("missing", path)}


def test_it_finds_what_was_damaged(sunshine, disk):
    file = disk / "static" / NAMED
    file.write_bytes(b"nAmed")
    assert ("damaged", NAMED) in checked(sunshine)
    assert ("damaged", NAMED) not in checked(sunshine, "--quick")
    file.write_bytes(b"name")
    assert ("damaged", NAMED) in checked(sunshine, "--quick")


def test_it_sweeps_what_is_of_no_use(sunshine, sql, disk):
    for name in ("temp/.x.part", "temp/gone", "static/employee/.y.part"):
        (disk / name).parent.mkdir(exist_ok=True)
        (disk / name).write_bytes(b"x")
        age(disk / name, 2)
    done = sunshine("files", "sweep", "--json")
    assert json.loads(done.stdout) == {"uploads": 0, "files": 3}
    assert (disk / "static/employee/orphan.txt").exists()
    refused = sunshine("files", "sweep", "--orphans")
    assert (refused.returncode, "--yes" in refused.stderr) == (2, True)
    assert (disk / "static/employee/orphan.txt").exists()
    done = sunshine("files", "sweep", "--orphans", "--yes", "--json")
    assert json.loads(done.stdout) == {"uploads": 0, "files": 0, "orphans": 1}
    assert not (disk / "static/employee/orphan.txt").exists()
    assert (disk / "static" / NAMED).exists()
    [event] = sql("SELECT type, before->>'path', actor_name FROM event").fetchall()
    assert event[:2] == ("file_removed", "employee/orphan.txt")
    assert event[2].startswith("cli:")
    assert checked(sunshine) == set()
    again = sunshine("files", "sweep", "--orphans", "--json")
    assert json.loads(again.stdout) == {"uploads": 0, "files": 0, "orphans": 0}


def test_it_spares_what_a_note_speaks_of(sunshine, sql, disk):
    sql(
        "INSERT INTO department (name, description)"
        " VALUES ('X', 'The (http://localhost:3601/api/static/employee/orphan.txt?e=1&s=2).')"
    )
    assert checked(sunshine) == {("orphan", "employee/orphan.txt")}
    done = json.loads(sunshine("files", "sweep", "--orphans", "--yes", "--json").stdout)
    assert "orphans" in done
    assert done["orphans"] == 0
    assert (disk / "static/employee/orphan.txt").exists()
    sql("DELETE FROM department")
    sunshine("files", "sweep", "--orphans", "--yes")
    assert not (disk / "static/employee/orphan.txt").exists()
