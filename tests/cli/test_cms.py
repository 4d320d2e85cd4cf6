"""`sunshine cms`: publishing, and content out of one installation and into another."""

import json
from typing import Any

import pytest

LINES: list[dict[str, Any]] = [
    {"kind": "blog", "title": "One", "content": "<p>Text</p>", "slug": "one",
     "status": "published", "publishedAt": "2020-01-01T00:00:00Z", "oldSlugs": ["zero"]},
    {"kind": "blog", "title": "Two", "featuredImage": "/api/static/cms/blog/Über_uns.png",
     "content": '<img src="/api/static/cms/blog/a.png">'},
    {"kind": "ads", "title": "Sale", "placement": "popup", "startDate": "2024-06-01"},
    {"kind": "training", "title": "Lifting", "files": ["/api/static/cms/training/a.pdf"]},
    {"kind": "career", "title": "Here", "content": "x"},
    {"kind": "vacancies", "title": "Job", "type": "contract", "description": "x"},
    {"kind": "department", "name": "Sales"},
    {"kind": "droppoint", "name": "Here", "address": "There", "latitude": 1, "longitude": 2,
     "openingHours": {"mon": [["08:00", "17:00"]]}},
]  # fmt: skip


def text(*lines):
    return "".join(json.dumps(line) + "\n" for line in lines)


def took(sunshine, *lines):
    done = sunshine("cms", "import", "-", "--yes", "--json", stdin=text(*lines))
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def exported(sunshine, *words):
    done = sunshine("cms", "export", *words)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def events(sql):
    return [row[0] for row in sql("SELECT type FROM event ORDER BY id", "cms")]


def test_what_goes_out_comes_in_again(sunshine, sql, tmp_path):
    assert {row["kind"]: row["rows"] for row in took(sunshine, *LINES)} == {
        "blog": 2, "ads": 1, "training": 1, "career": 1, "vacancies": 1, "department": 1,
        "droppoint": 1,
    }  # fmt: skip
    first = exported(sunshine)
    for line, row in zip(LINES, first, strict=True):
        assert {name: row[name] for name in line} == line
    assert first[1]["slug"] == "two"
    file = tmp_path / "content.jsonl"
    assert sunshine("cms", "export", "--to", str(file)).stdout == ""
    for table in ("blog_slug", "blog_revision", "blog", "ad", "training", "career", "vacancy",
                  "department_page", "drop_point"):  # fmt: skip
        sql(f"DELETE FROM {table}", "cms")
    assert sunshine("cms", "import", str(file), "--yes").returncode == 0
    assert exported(sunshine) == first
    assert exported(sunshine, "ads", "career") == [first[2], first[4]]
    listed = json.loads(sunshine("cms", "export", "--json").stdout)
    assert listed == first
    assert len(events(sql)) == 16


UPLOAD = f"https://here.example/api/temp/{'1' * 13}-{'2' * 39}-a.png"


def test_all_or_nothing_is_imported_and_errors_name_their_line(sunshine, sql):
    took(sunshine, LINES[0])
    before = events(sql)
    for lines, said in (
        ([{"kind": "poem"}, {"kind": "ads", "title": "x"}], "line 1: kind"),
        ([LINES[1], {"kind": "blog", "title": ""}], "line 2: content"),
        ([LINES[1], LINES[0]], "line 2: slug is taken"),
        ([LINES[1] | {"slug": "zero"}], "line 1: slug is taken"),
        ([LINES[1] | {"slug": "a"}, LINES[1] | {"oldSlugs": ["a"]}], "stands in line 1 already"),
        ([LINES[1], LINES[1] | {"author": 99}], "line 2: author does not exist"),
        ([LINES[2], LINES[2] | {"endDate": "2024-01-01"}], "line 2: endDate"),
        ([LINES[1], LINES[1] | {"content": "<script></script>"}], "line 2: content"),
        ([LINES[1] | {"content": f"<img src='{UPLOAD}'>"}], "line 1: content names an upload"),
        ([LINES[1] | {"featuredImage": UPLOAD}], "line 1: featuredImage names an upload"),
    ):
        done = sunshine("cms", "import", "-", "--yes", stdin=text(*lines))
        assert done.returncode in (1, 2), said
        assert said in done.stderr or said.partition(": ")[2] in done.stderr, done.stderr
        assert events(sql) == before
    assert "no lines" in sunshine("cms", "import", "-", "--yes", stdin="\n").stderr
    assert "kind" in sunshine("cms", "import", "-", "--yes", stdin="[]\n").stderr
    assert "JSON" in sunshine("cms", "import", "-", "--yes", stdin="{\n").stderr


def test_a_dry_run_changes_nothing(sunshine, sql):
    done = sunshine("cms", "import", "-", "--dry-run", "--json", stdin=text(*LINES))
    assert (done.returncode, len(json.loads(done.stdout))) == (0, 7)
    assert "nothing was changed" in done.stderr
    assert events(sql) == []
    assert sunshine("cms", "import", "-", stdin=text(*LINES)).returncode == 2  # nobody to ask


def test_it_publishes_by_id_and_by_address(sunshine, sql):
    took(sunshine, *LINES[1:6])
    ids = {
        table: sql(f"SELECT id FROM {table}", "cms").fetchone()[0]
        for table in ("ad", "training", "career", "vacancy")
    }
    done = sunshine("cms", "publish", "blog", "two", "--at", "2030-01-01T08:00+07:00", "--json")
    row = json.loads(done.stdout)
    assert (row["status"], row["publishAt"]) == ("published", "2030-01-01T01:00:00Z")
    for kind, table, field, value in (
        ("ads", "ad", "active", True), ("training", "training", "status", "published"),
        ("career", "career", "status", "published"), ("vacancies", "vacancy", "status", "open"),
    ):  # fmt: skip
        done = sunshine("cms", "publish", kind, str(ids[table]), "--json")
        assert json.loads(done.stdout)[field] == value
    assert "Published ads" in sunshine("cms", "publish", "ads", str(ids["ad"])).stderr
    for words in (("blog", "nowhere"), ("blog", "999999"), ("ads", "two"), ("ads", "99999999999")):
        assert sunshine("cms", "publish", *words).returncode == 3
    assert sunshine("cms", "publish", "ads", "1", "--at", "2030-01-01T08:00Z").returncode == 2
    [actor] = {row[0] for row in sql("SELECT actor_name FROM event", "cms")}
    assert actor.startswith("cli:")


@pytest.mark.parametrize("junk", [b"\xff\xfe\x00", b"\x1f\x8b\x08", bytes(range(256))])
def test_a_file_that_is_no_text_is_refused_in_a_line(process, tmp_path, junk):
    (tmp_path / "junk").write_bytes(junk)
    done = process("cms", "import", str(tmp_path / "junk"), "--yes")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.count("\n") == 1
    assert "not UTF-8 text" in done.stderr


def test_what_the_system_refuses_is_told_in_a_line(process, tmp_path):
    done = process("cms", "export", "--to", str(tmp_path / "nowhere" / "file"))
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.count("\n") == 1, done.stderr
    assert "No such file" in done.stderr
