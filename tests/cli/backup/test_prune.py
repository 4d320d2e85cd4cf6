"""`sunshine backup prune` and the folder of the backups."""

import json
import shutil
from datetime import UTC, datetime, timedelta

import pytest

from tests.cli.backup.factories import is_one_line, resealed, shelf


@pytest.fixture
def aged(backup):
    """Makes copies of the backup that are so many days old; the newest is 40 days old."""

    def make(days):
        at = datetime.now(UTC) - timedelta(days=days)
        folder = backup.with_name(f"sunshine-{at:%Y%m%dT%H%M%SZ}")
        shutil.copytree(backup, folder)
        resealed(folder, lambda body: body.update(created=at.isoformat(), name=folder.name))
        return folder

    made = [make(days) for days in (40, 50, 60)]
    shutil.rmtree(backup)
    return made


def test_prune_removes_by_age_but_never_the_newest(sunshine, aged, tmp_path):
    assert sunshine("backup", "prune", str(aged[0].parent), "--retention", "55d").returncode == 0
    assert shelf(tmp_path) == sorted(folder.name for folder in aged[:2])
    done = sunshine("backup", "prune", str(aged[0].parent), "--retention", "1h", "--dry-run")
    assert f"Would remove {aged[1]}" in done.stderr
    assert len(shelf(tmp_path)) == 2
    assert sunshine("backup", "prune", str(aged[0].parent)).returncode == 0
    assert shelf(tmp_path) == [aged[0].name]


def test_prune_takes_only_a_good_one_for_the_newest(sunshine, aged, tmp_path):
    (aged[0] / "sunshine.dump").unlink()
    assert sunshine("backup", "list", str(aged[0].parent)).returncode == 4
    assert sunshine("backup", "prune", str(aged[0].parent)).returncode == 0
    assert shelf(tmp_path) == [aged[1].name]


def test_prune_leaves_alone_what_it_does_not_know(sunshine, aged, tmp_path):
    strange = aged[0].parent / "sunshine-20200101T000000Z"
    strange.mkdir()
    (strange / "notes").write_text("not a backup")
    (aged[0].parent / "photos").mkdir()
    (aged[2] / "manifest.json").write_text("{}")
    sunshine("backup", "prune", str(aged[0].parent))
    assert shelf(tmp_path) == sorted(["photos", strange.name, aged[0].name, aged[2].name])


def test_create_prunes_once_it_has_succeeded(sunshine, aged, tmp_path):
    arguments = ("backup", "create", "--to", str(aged[0].parent), "--retention", "45d")
    assert sunshine(*arguments, PG_CMS_DB="nowhere").returncode == 1
    assert len(shelf(tmp_path)) == 3
    assert sunshine(*arguments).returncode == 0
    kept = shelf(tmp_path)
    assert len(kept) == 2
    assert kept[0] == aged[0].name


def test_the_folder_may_be_a_setting(sunshine, backup, tmp_path):
    assert sunshine("backup", "list").returncode == 2
    rows = sunshine("backup", "list", "--json", BACKUP_DIR=str(backup.parent)).stdout
    assert [row["name"] for row in json.loads(rows)] == [backup.name]
    missing = sunshine("backup", "prune", str(tmp_path / "nowhere"))
    assert is_one_line(missing, 3)


@pytest.mark.parametrize("time", ["30", "0d", "1y", "-1d", "99999d", ""])
def test_a_retention_is_a_time(sunshine, backup, time):
    assert sunshine("backup", "prune", str(backup.parent), "--retention", time).returncode == 2
