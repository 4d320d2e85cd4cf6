"""`sunshine backup restore` and `verify`: what cannot be restored changes nothing."""

import gzip
import hashlib
import io
import json
import os
import random
import tarfile
from contextlib import nullcontext
from pathlib import Path

import psycopg
import pytest

from sunshine.backups import restore, staging
from tests.cli.backup.factories import FILES, is_one_line, resealed

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
    finalise = restore._finalise

    def start(*arguments, **more):
        if not late:
            late.append(
                psycopg.connect(
                    host=postgres.host, port=postgres.port, user=postgres.user,
                    dbname=names["mitra"],
                )
            )  # fmt: skip
        finalise(*arguments, **more)

    monkeypatch.setattr(restore, "_finalise", start)
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


def archive(folder, *entries, raw=None, named=("attendance/2026/a.jpg",)):
    """Another archive than the backup's, a list of these names, and a manifest that agrees."""
    file, listing = folder / "files.tar", folder / "files.sha256"
    if raw is None:
        with tarfile.open(file, "w", format=tarfile.PAX_FORMAT) as tar:
            for entry, content in entries:
                entry.size = len(content)
                tar.addfile(entry, io.BytesIO(content))
    else:
        file.write_bytes(raw)
    empty = hashlib.sha256(b"").hexdigest()
    listing.write_bytes(b"".join(f"{empty}  {name}\n".encode() for name in named))

    def agree(body):
        for key, path in (("archive", file), ("listing", listing)):
            content = path.read_bytes()
            body["files"][key].update(
                bytes=len(content), sha256=hashlib.sha256(content).hexdigest()
            )

    resealed(folder, agree)


def entry(name="attendance/2026/a.jpg", kind=tarfile.REGTYPE, link="", **more):
    made = tarfile.TarInfo(name)
    made.type, made.linkname = kind, link
    for key, value in more.items():
        setattr(made, key, value)
    return made, b""


NAMED = ("attendance/2026/a.jpg",)
SPARSE = {"GNU.sparse.major": "1", "GNU.sparse.minor": "0", "GNU.sparse.name": NAMED[0],
          "GNU.sparse.realsize": str(1 << 50)}  # fmt: skip


@pytest.mark.parametrize(
    ("entries", "named"),
    [
        ([entry(kind=tarfile.SYMTYPE, link="/etc/passwd")], NAMED),
        ([entry(kind=tarfile.SYMTYPE, link="nowhere")], NAMED),
        ([entry(kind=tarfile.LNKTYPE, link="/etc/passwd")], NAMED),
        ([entry(kind=tarfile.LNKTYPE, link="attendance/2026/a.jpg")], NAMED),
        ([entry(kind=tarfile.CHRTYPE, devmajor=1, devminor=5)], NAMED),
        ([entry(kind=tarfile.BLKTYPE)], NAMED),
        ([entry(kind=tarfile.FIFOTYPE)], NAMED),
        ([entry(kind=tarfile.DIRTYPE)], NAMED),
        ([entry(), entry("more", tarfile.DIRTYPE)], NAMED),
        ([entry(), entry()], NAMED),
        ([entry(), entry("../outside")], NAMED),
        ([entry(pax_headers=SPARSE)], NAMED),
        ([entry("../outside")], ("../outside",)),
        ([entry("a/../../outside")], ("a/../../outside",)),
        ([entry("/tmp/outside")], ("/tmp/outside",)),
        ([entry("a//b")], ("a//b",)),
        ([entry(".hidden/a")], (".hidden/a",)),
        ([entry("a\x1b]0;x\x07b")], NAMED),
        ([entry("n" * 300)], ("n" * 300,)),
        ([entry("a"), entry("a/b")], ("a", "a/b")),
        ([entry(mtime=1e300)], NAMED),
        ([], NAMED),
    ],
)
def test_an_archive_that_is_none_of_ours_is_refused_in_a_line(
    sunshine, backup, tmp_path, entries, named, whole
):
    archive(backup, *entries, named=named)
    before = sorted(tmp_path.iterdir())
    done = sunshine("backup", "restore", str(backup), "--force")
    assert is_one_line(done), done.stderr
    assert "\x1b" not in done.stderr
    # It names the archive or its list, or, for what no file system takes, the file.
    assert "files." in done.stderr or "restoring" in done.stderr
    made = {path for path in (*tmp_path.iterdir(), Path("/tmp/outside")) if path.exists()}
    assert made - {*before, tmp_path / "resources"} == set()


def test_a_link_changes_nothing_beside_what_was_restored(sunshine, backup):
    archive(backup, entry(kind=tarfile.SYMTYPE, link="/etc/passwd"))
    done = sunshine("backup", "restore", str(backup), "--force")
    assert is_one_line(done), done.stderr
    assert "files.tar is damaged at attendance/2026/a.jpg" in done.stderr


@pytest.fixture
def whole(monkeypatch):
    """Only files: what PostgreSQL would have to say takes its time, and is not asked."""
    monkeypatch.setattr(restore, "_check_targets", lambda *_, **__: None)
    monkeypatch.setattr(restore, "_prepare", lambda *_: None)
    monkeypatch.setattr(restore, "_fill_all", lambda *_: {})
    monkeypatch.setattr(staging, "made", lambda *_: nullcontext({}))


def test_verify_reads_the_archive_too(sunshine, backup, whole):
    archive(backup, entry(kind=tarfile.SYMTYPE, link="/etc/passwd"))
    done = sunshine("backup", "verify", str(backup))
    assert is_one_line(done, code=4), done.stderr
    assert "files.tar is damaged" in done.stderr


def test_an_archive_is_refused_in_a_line_wherever_it_is_broken(sunshine, backup, whole):
    """Cut at sixty places, and with as many bytes that are others, by somebody who can seal it."""
    content = (backup / "files.tar").read_bytes()
    names = sorted(FILES)
    dice = random.Random(14)
    broken = [content[: dice.randrange(len(content))] for _ in range(60)]
    for _ in range(60):
        changed = bytearray(content)
        changed[dice.randrange(min(len(content), 4096))] = dice.randrange(256)
        broken.append(bytes(changed))
    broken += [b"", b"junk", dice.randbytes(5000), gzip.compress(content), b"\0" * 10240]
    for raw in broken:
        archive(backup, raw=raw, named=names)
        done = sunshine("backup", "verify", str(backup))
        assert is_one_line(done, code=4), (raw[:40], done.stderr)


def test_a_manifest_is_refused_in_a_line_wherever_it_is_broken(sunshine, backup, whole):
    file = backup / "manifest.json"
    content = file.read_bytes()
    dice = random.Random(14)
    for number in range(60):
        changed = bytearray(content)
        changed[dice.randrange(len(content) - 1)] ^= 1 << dice.randrange(7)
        cut = dice.randrange(len(content) - 2)
        file.write_bytes(content[:cut] if number % 2 else bytes(changed))
        done = sunshine("backup", "verify", str(backup))
        assert is_one_line(done, code=4), done.stderr
        listed = sunshine("backup", "list", str(backup.parent))
        assert (listed.returncode, listed.stderr) == (4, "")
    file.unlink()
    for make in (file.mkdir, lambda: os.mkfifo(file)):
        make()
        assert is_one_line(sunshine("backup", "verify", str(backup)), code=4)
        file.rmdir() if file.is_dir() else file.unlink()


@pytest.mark.parametrize(
    "change",
    [
        lambda body: body.pop("format"),
        lambda body: body.pop("databases"),
        lambda body: body["databases"].pop("cms"),
        lambda body: body["databases"].update(more=body["databases"]["cms"]),
        lambda body: body["databases"]["cms"].update(server="the newest"),
        lambda body: body["databases"]["cms"].update(programs=""),
        lambda body: body["databases"]["cms"]["part"].update(name="/etc/passwd"),
        lambda body: body["databases"]["cms"]["part"].update(name="../cms.dump"),
        lambda body: body["databases"]["cms"]["part"].update(bytes="many"),
        lambda body: body["databases"]["cms"]["content"].update(tables=[]),
        lambda body: body["files"].update(listing=None),
        lambda body: body.update(created="yesterday"),
        lambda body: body.update(documents={"name": "x"}),
    ],
)
def test_a_manifest_that_says_what_none_of_ours_does_is_refused_in_a_line(
    sunshine, backup, whole, change
):
    resealed(backup, change)
    assert is_one_line(sunshine("backup", "verify", str(backup)), code=4)
    assert is_one_line(sunshine("backup", "restore", str(backup), "--force"))


@pytest.mark.parametrize("name", ["sunshine.dump", "files.tar", "files.sha256"])
def test_a_part_that_is_no_file_is_not_read(sunshine, backup, whole, name):
    """A link may lead anywhere, and a pipe never ends."""
    file = backup / name
    kept = file.rename(backup.parent / name)
    for make in (lambda: file.symlink_to(kept), lambda: os.mkfifo(file), file.mkdir):
        make()
        done = sunshine("backup", "verify", str(backup))
        assert is_one_line(done, code=4), done.stderr
        assert "it is no file" in done.stderr
        assert sunshine("backup", "list", str(backup.parent)).returncode == 4
        file.rmdir() if file.is_dir() and not file.is_symlink() else file.unlink()
