"""`sunshine backup restore` and `verify`: what cannot be restored changes nothing."""

import hashlib
import json

import psycopg
import pytest

from sunshine.backups import restore
from tests.cli.backup.acts import is_one_line, resealed

pytestmark = pytest.mark.usefixtures("unchanged")


def test_verify_proves_it_and_leaves_nothing(sunshine, backup, postgres, names):
    done = sunshine("backup", "verify", str(backup))
    assert done.returncode == 0, done.stderr
    assert "can be restored" in done.stderr


def test_what_does_not_come_back_is_found_and_not_restored(sunshine, backup):
    def more(body):
        tables = body["databases"]["sunshine"]["content"]["tables"]
        tables["employee"]["rows"] += 1

    resealed(backup, more)
    done = sunshine("backup", "verify", str(backup), "--json")
    assert done.returncode == 4
    assert json.loads(done.stdout) == [
        {
            "database": "sunshine",
            "difference": "table employee has 300 rows instead of 301",
        }
    ]
    assert is_one_line(sunshine("backup", "restore", str(backup), "--force"))


def test_databases_in_use_are_not_replaced_unasked(sunshine, backup):
    done = sunshine("backup", "restore", str(backup))
    assert is_one_line(done)
    assert "is not empty; with --force" in done.stderr


def test_it_does_not_pull_the_databases_from_under_a_server(sunshine, backup, postgres, names):
    with psycopg.connect(
        host=postgres.host, port=postgres.port, user=postgres.user, dbname=names["cms"],
        application_name="sunshine feed",
    ):  # fmt: skip
        done = sunshine("backup", "restore", str(backup), "--force")
    assert is_one_line(done)
    assert f"1 of sunshine feed to {names['cms']}" in done.stderr


def test_a_server_that_starts_meanwhile_keeps_its_databases(
    sunshine, backup, postgres, names, monkeypatch
):
    late: list[psycopg.Connection] = []
    adopt = restore._adopt

    def start(*arguments, **more):
        if not late:
            late.append(
                psycopg.connect(
                    host=postgres.host, port=postgres.port, user=postgres.user,
                    dbname=names["mitra"],
                )
            )  # fmt: skip
        adopt(*arguments, **more)

    monkeypatch.setattr(restore, "_adopt", start)
    done = sunshine("backup", "restore", str(backup), "--force")
    late[0].close()
    assert is_one_line(done)
    assert "Nothing was changed" in done.stderr


def damage_dump(folder):
    file = folder / "sunshine.dump"
    file.write_bytes(file.read_bytes()[:-100])


def damage_byte(folder):
    file = folder / "fleet.dump"
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)


def damage_manifest(folder):
    file = folder / "manifest.json"
    file.write_text(file.read_text().replace('"rows": 300', '"rows": 301', 1))


def lose_a_part(folder):
    (folder / "files.tar").unlink()


def lose_the_manifest(folder):
    (folder / "manifest.json").unlink()


def from_the_future(folder):
    resealed(folder, lambda body: body.update(format=2))


def newer_than_the_program(folder):
    def change(body):
        body["databases"]["cms"]["content"]["revision"] = "9999"

    resealed(folder, change)


def newer_than_the_server(folder):
    resealed(folder, lambda body: body["databases"]["cms"].update(server="99.1"))


def truncate_inside(folder):
    """Cut, and the manifest made to agree: what pg_restore itself must find."""
    file = folder / "sunshine.dump"
    content = file.read_bytes()[:-3000]
    file.write_bytes(content)

    def change(body):
        digest = hashlib.sha256(content).hexdigest()
        body["databases"]["sunshine"]["part"].update(bytes=len(content), sha256=digest)

    resealed(folder, change)


def forge_a_file(folder):
    """Another checksum for a file, and all else made to agree."""
    file = folder / "files.sha256"
    content = b"0" + file.read_bytes()[1:]
    if content == file.read_bytes():
        content = b"1" + content[1:]
    file.write_bytes(content)

    def change(body):
        body["files"]["listing"].update(sha256=hashlib.sha256(content).hexdigest())

    resealed(folder, change)


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        (damage_dump, "sunshine.dump is damaged"),
        (damage_byte, "fleet.dump is damaged: its checksum"),
        (damage_manifest, "manifest.json is damaged"),
        (lose_a_part, "files.tar: No such file"),
        (lose_the_manifest, "is no backup"),
        (from_the_future, "has format 2"),
        (newer_than_the_program, "is at revision 9999"),
        (newer_than_the_server, "restore it on 99 or newer"),
        (truncate_inside, "cannot be restored"),
        (forge_a_file, "is damaged at attendance/2026/a.jpg"),
    ],
)
def test_what_cannot_be_restored_changes_nothing(sunshine, backup, postgres, names, damage, told):
    damage(backup)
    done = sunshine("backup", "restore", str(backup), "--force")
    assert is_one_line(done), done.stderr
    assert told in done.stderr
    if damage is not forge_a_file:
        assert sunshine("backup", "verify", str(backup)).returncode == 4


def test_a_role_that_may_not_create_is_told_what_to_run(sunshine, backup, postgres):
    where = f"host='{postgres.host}' port={postgres.port} dbname=postgres user=postgres"
    with psycopg.connect(where, autocommit=True) as connection:
        connection.execute(f"ALTER ROLE {postgres.user} NOCREATEDB")
        try:
            done = sunshine("backup", "restore", str(backup), "--force")
        finally:
            connection.execute(f"ALTER ROLE {postgres.user} CREATEDB")
    assert is_one_line(done)
    assert "CREATEDB" in done.stderr


def test_files_of_dir_are_not_put_where_nobody_looks_for_them(sunshine, backup):
    done = sunshine("backup", "restore", str(backup), "--force", STORAGE_URL="s3://bucket/prefix")
    assert is_one_line(done)
    assert "restore it with STORAGE_URL= and copy DIR/static there" in done.stderr
    # What is only tried needs no place for them.
    tried = sunshine("backup", "verify", str(backup), STORAGE_URL="s3://bucket/prefix")
    assert tried.returncode == 0, tried.stderr


def test_files_of_a_bucket_are_not_missing_silently(sunshine, backup):
    def in_a_bucket(body):
        files = {"storage": "s3://bucket/prefix", "archive": None, "listing": None}
        body["files"].update(files, count=0, bytes=0)

    resealed(backup, in_a_bucket)
    done = sunshine("backup", "restore", str(backup), "--force")
    assert is_one_line(done)
    assert "files are in s3://bucket/prefix, not in the backup" in done.stderr
