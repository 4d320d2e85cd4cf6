"""`sunshine backup create`: complete, or not there at all."""

import fcntl
import gc
import hashlib
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from sunshine.backups import documents
from sunshine.backups.manifest import BackupError
from sunshine.database import pg_tools
from sunshine.database.cluster import PostgresError, wheel_binaries
from tests.cli.backup.factories import FILES, begin, is_one_line, old_programs, shelf
from tests.cli.conftest import CLI
from tests.processes import heed_signals


def test_a_backup_is_told_with_what_is_in_it(sunshine, backup):
    (row,) = json.loads(sunshine("backup", "list", str(backup.parent), "--json").stdout)
    assert (row["name"], row["state"], row["files"]) == (backup.name, "good", 2)
    assert row["rows"] >= 9 + 300 + 1 + 300 + 5
    assert row["bytes"] == sum(
        path.stat().st_size for path in backup.iterdir() if path.name != "manifest.json"
    )
    listing = (backup / "files.sha256").read_bytes().decode()
    assert listing == "".join(
        f"{hashlib.sha256(content).hexdigest()}  {name}\n" for name, content in FILES.items()
    )
    assert {path.stat().st_mode & 0o777 for path in backup.iterdir()} == {0o600}


def test_a_missing_database_makes_no_backup(sunshine, tmp_path):
    done = sunshine("backup", "create", "--to", str(tmp_path / "shelf"), PG_MITRA_DB="nowhere")
    assert is_one_line(done)
    assert "nowhere" in done.stderr
    assert shelf(tmp_path) == []


def test_one_that_fails_halfway_leaves_no_file_open(sunshine, backup, monkeypatch):
    def fail(*_):
        raise BackupError("no documents today")

    monkeypatch.setattr(documents, "dump", fail)
    before = open_files()
    gc.disable()  # which would close it by and by
    try:
        assert is_one_line(sunshine("backup", "create", "--to", str(backup.parent)))
        assert [file for file in open_files() - before if str(backup.parent) in file] == []
    finally:
        gc.enable()


def open_files():
    """What this process has open, by path."""
    return {os.path.realpath(link) for link in Path("/proc/self/fd").iterdir()}


def test_a_full_disk_makes_no_backup(environ, tmp_path, backup):
    """The limit of a file's size is refused as a full disk is: in the middle of writing."""
    before = shelf(tmp_path)
    code = "import resource, sys; resource.setrlimit(resource.RLIMIT_FSIZE, (9000, 9000));"
    code += f" sys.path.insert(0, {str(CLI.parent)!r}); import cli; cli.main()"
    arguments = ["backup", "create", "--to", str(backup.parent), "--retention", "1h"]
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], env=environ, capture_output=True, text=True
    )
    assert is_one_line(done), done.stderr
    assert "File too large" in done.stderr
    assert shelf(tmp_path) == before


def test_the_second_of_two_at_once_is_refused(sunshine, backup, tmp_path):
    with (backup.parent / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for arguments in (["create", "--to"], ["prune"]):
            done = sunshine("backup", *arguments, str(backup.parent))
            assert is_one_line(done)
            assert "another backup is being made" in done.stderr
    assert shelf(tmp_path) == [backup.name]


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)]
)
def test_an_interrupted_backup_leaves_nothing(environ, tmp_path, backup, slow, number, code):
    process = begin(environ, tmp_path, slow)
    process.send_signal(number)
    assert process.wait(30) == code
    assert shelf(tmp_path) == [backup.name]


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGINT])
def test_a_backup_goes_on_after_what_its_caller_has_had_ignored(
    environ, tmp_path, backup, slow, number
):
    """As `nohup` does for the end of the terminal, and a shell for Ctrl-C in its background."""

    def prepare():
        heed_signals()
        signal.signal(number, signal.SIG_IGN)

    process = begin(environ, tmp_path, slow, prepare)
    process.send_signal(number)
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(1)
    process.send_signal(signal.SIGTERM)
    assert process.wait(30) == 143
    assert shelf(tmp_path) == [backup.name]


def test_what_a_killed_backup_left_is_removed_by_the_next(
    environ, tmp_path, backup, slow, sunshine
):
    process = begin(environ, tmp_path, slow)
    process.kill()
    process.wait()
    assert len(shelf(tmp_path)) == 2
    listed = json.loads(sunshine("backup", "list", str(backup.parent), "--json").stdout)
    assert [row["name"] for row in listed] == [backup.name]
    assert sunshine("backup", "create", "--to", str(backup.parent)).returncode == 0
    assert [name for name in shelf(tmp_path) if name.startswith(".")] == []
    assert len(shelf(tmp_path)) == 2


def test_nobody_sees_the_password(process, tmp_path, slow):
    secret = "s3cret:with\\signs"
    done = process(
        "backup", "create", "--to", str(tmp_path / "shelf"),
        PG_BIN_DIR=str(slow), PG_SUNSHINE_PASSWORD=secret, HURRY="1",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    seen = (tmp_path / "environment").read_text() + (tmp_path / "arguments").read_text()
    assert "s3cret" not in seen + done.stderr
    assert (tmp_path / "passfile").read_text() == "*:*:*:*:s3cret\\:with\\\\signs\n"
    assert "s3cret" not in "".join(
        path.read_text(errors="replace") for path in (tmp_path / "shelf").rglob("*.json")
    )


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda folder: None, "no pg_dump"),
        (lambda folder: old_programs(folder), "has the programs of PostgreSQL 9.6.1"),
    ],
)
def test_programs_that_do_not_suit_the_server_are_refused(sunshine, tmp_path, make, told):
    folder = tmp_path / "bin"
    folder.mkdir()
    make(folder)
    done = sunshine("backup", "create", "--to", str(tmp_path / "shelf"), PG_BIN_DIR=str(folder))
    assert is_one_line(done)
    assert told in done.stderr
    assert shelf(tmp_path) == []


def test_it_takes_the_newest_programs_that_suit(tmp_path, monkeypatch):
    def make(name, version):
        folder = tmp_path / name
        folder.mkdir()
        for program in pg_tools.NEEDED:
            (folder / program).write_text(f"#!/bin/sh\necho 'pg_dump (PostgreSQL) {version}'\n")
            (folder / program).chmod(0o755)
        return folder

    old, newer = make("old", "97.2"), make("newer", "98.1 (Debian 98.1-1)")
    monkeypatch.setenv("PATH", str(old))
    monkeypatch.setattr(pg_tools, "PLACES", (str(tmp_path / "newe*"),))
    assert pg_tools.find(None, 15).folder == newer
    assert pg_tools.find(None, 15).version == "98.1"
    assert pg_tools.find(old, 15).folder == old  # PG_BIN_DIR
    monkeypatch.setattr(pg_tools, "PLACES", ())
    assert pg_tools.find(None, 97).folder == old
    monkeypatch.setenv("PATH", "/nowhere")
    assert pg_tools.find(None, 18).folder == wheel_binaries()
    with pytest.raises(PostgresError, match="postgresql-client-99"):
        pg_tools.find(None, 99)


def test_programs_of_the_path_that_are_all_too_old_are_refused(sunshine, tmp_path, monkeypatch):
    folder = tmp_path / "bin"
    folder.mkdir()
    old_programs(folder)
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.setattr(pg_tools, "PLACES", ())
    monkeypatch.setattr(pg_tools, "wheel_binaries", lambda: folder)
    done = sunshine("backup", "create", "--to", str(tmp_path / "shelf"), PATH=str(folder))
    assert is_one_line(done)
    assert "or newer here: install postgresql-client-" in done.stderr
    assert shelf(tmp_path) == []
