"""Partners' documents that are in MongoDB: in the backup, and back again."""

import gzip
import json

import pytest
from pymongo import MongoClient

from tests.cli.backup.factories import is_one_line, shelf
from tests.mongo import Mongo

FIELDS = {"a.b": 1, "$c": [1.5, "ü"], "big": 2**60}


@pytest.fixture
def names(new_names):
    return new_names


@pytest.fixture
def server(tmp_path_factory):
    """A MongoDB of this test's own."""
    made = Mongo(tmp_path_factory.mktemp("mongo"))
    yield made
    made.kill()


@pytest.mark.usefixtures("upgraded")
def test_documents_come_back_with_their_rows(sunshine, sql, tmp_path, server):
    given = {"MONGO_MITRA": server.address}
    client: MongoClient = MongoClient(server.address)
    contents = client.get_default_database()["documents"]
    stored = {"title": "T", "kind": "k", "fields": {"a%2Eb": 1, "%24c": [1.5, "ü"], "big": 2**60}}
    key = str(contents.insert_one(stored).inserted_id)
    sql("INSERT INTO partner (name, type) VALUES ('P', 'supplier')", "mitra")
    sql(
        "INSERT INTO partner_document (partner_id, title, kind, content_key)"
        f" VALUES (1, 'T', 'k', '{key}')",
        "mitra",
    )
    before = contents.find_one()
    done = sunshine("backup", "create", "--to", str(tmp_path / "shelf"), **given)
    assert done.returncode == 0, done.stderr
    (folder,) = (tmp_path / "shelf").glob("sunshine-*")
    with gzip.open(folder / "documents.jsonl.gz", "rt") as stream:
        [line] = map(json.loads, stream)
    assert (line["key"], line["fields"]) == (key, FIELDS)

    contents.drop()
    refused = sunshine("backup", "restore", str(folder), "--force")
    assert is_one_line(refused)
    assert "set MONGO_MITRA" in refused.stderr
    assert sunshine("backup", "verify", str(folder), **given).returncode == 0
    assert contents.count_documents({}) == 0
    done = sunshine("backup", "restore", str(folder), "--force", **given)
    assert done.returncode == 0, done.stderr
    assert contents.find_one() == before
    client.close()


@pytest.mark.usefixtures("upgraded")
def test_a_row_without_its_content_is_told(sunshine, sql, tmp_path, server):
    given = {"MONGO_MITRA": server.address}
    sql("INSERT INTO partner (name, type) VALUES ('P', 'supplier')", "mitra")
    sql(
        "INSERT INTO partner_document (partner_id, title, kind, content_key)"
        f" VALUES (1, 'T', 'k', '{'0' * 24}')",
        "mitra",
    )
    assert sunshine("backup", "create", "--to", str(tmp_path), **given).returncode == 0
    (folder,) = tmp_path.glob("sunshine-*")
    done = sunshine("backup", "verify", str(folder), **given)
    assert done.returncode == 4
    assert "1 documents have lost their content" in done.stdout


@pytest.mark.usefixtures("upgraded")
def test_no_backup_without_them(sunshine, tmp_path, names):
    given = {"MONGO_MITRA": "mongodb://127.0.0.1:1/x"}
    done = sunshine("backup", "create", "--to", str(tmp_path / "shelf"), **given)
    assert done.returncode == 1
    assert shelf(tmp_path) == []
