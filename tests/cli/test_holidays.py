"""`sunshine holidays`: a year's holidays from public data."""

import json

import pytest


@pytest.fixture
def imported(sunshine):
    """What an import of Indonesia's 2026 says; keywords are further options' values."""

    def run(*more, country="ID", year="2026", **environ):
        words = ("holidays", "import", "--country", country, "--year", year, "--json", *more)
        done = sunshine(*words, **environ)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout), done.stderr

    return run


def listed(sunshine, year="2026"):
    return json.loads(sunshine("holidays", "list", "--year", year, "--json").stdout)


def events(sunshine):
    done = sunshine("events", "list", "--json", "--limit", "1000")
    return [row["type"] for row in json.loads(done.stdout)]


def test_indonesia_has_holidays_and_joint_leave(sunshine, imported):
    rows, told = imported()
    assert {row["outcome"] for row in rows} == {"created"}
    assert told == "25 of 25 created; the others were there already.\n"
    stored = listed(sunshine)
    assert [row["date"] for row in stored] == sorted(row["date"] for row in rows)
    by_date = {row["date"]: row for row in stored}
    for date, kind, name in (
        ("2026-08-17", "public", "Hari Kemerdekaan Republik Indonesia"),
        ("2026-03-21", "public", "Hari Raya Idul Fitri"),
        ("2026-03-20", "collective", "Cuti Bersama Hari Raya Idul Fitri"),
        ("2026-12-24", "collective", "Cuti Bersama Hari Raya Natal"),
    ):
        assert (by_date[date]["kind"], by_date[date]["name"]) == (kind, name)
    assert sum(row["kind"] == "collective" for row in stored) == 8
    assert all(row["deductsAnnual"] == (row["kind"] == "collective") for row in stored)
    assert events(sunshine) == ["holiday_created"] * 25


def test_what_is_there_is_kept_and_told(sunshine, imported):
    imported("--categories", "government")
    before = listed(sunshine)
    assert {row["kind"] for row in before} == {"collective"}
    rows, told = imported("--language", "en_US", "--categories", "public, government")
    assert told == "17 of 25 created; the others were there already.\n"
    kept = [row for row in rows if row["outcome"] == "kept"]
    assert [(row["date"], row["name"], row["kind"]) for row in kept] == [
        (row["date"], row["name"], row["kind"]) for row in before
    ]
    after = listed(sunshine)
    assert [row for row in after if row in before] == before
    assert {row["name"] for row in after} >= {"Independence Day", "Eid al-Fitr"}
    rows, told = imported()
    assert {row["outcome"] for row in rows} == {"kept"}
    assert listed(sunshine) == after
    assert events(sunshine) == ["holiday_created"] * 25


def test_a_dry_run_changes_nothing(sunshine, imported):
    imported("--categories", "government")
    rows, told = imported("--dry-run")
    outcomes = [row["outcome"] for row in rows]
    assert (outcomes.count("new"), outcomes.count("kept")) == (17, 8)
    assert told == "17 of 25 would be created; nothing was changed.\n"
    assert len(listed(sunshine)) == 8


def test_a_name_is_the_same_wherever_it_is_imported(sunshine, imported):
    rows, _ = imported("--dry-run", LANG="en_US.UTF-8", LANGUAGE="en_US", LC_ALL="en_US.UTF-8")
    assert "Hari Raya Natal" in {row["name"] for row in rows}


def test_a_state_has_days_of_its_own(imported):
    whole, _ = imported("--dry-run", country="de")
    bavaria, _ = imported("--dry-run", "--subdiv", "BY", country="DE")
    more = {row["name"] for row in bavaria} - {row["name"] for row in whole}
    assert "Fronleichnam" in more
    assert {row["kind"] for row in bavaria} == {"public"}


def test_only_indonesias_government_days_are_joint_leave(imported):
    rows, _ = imported("--dry-run", "--categories", "government", country="US")
    assert {row["kind"] for row in rows} == {"public"}


def test_other_years_are_others(sunshine, imported):
    imported(year="2025")
    assert listed(sunshine) == []
    assert {row["date"][:4] for row in listed(sunshine, "2025")} == {"2025"}


def test_a_line_per_day_in_a_pipe(sunshine, imported):
    imported("--categories", "government")
    lines = sunshine("holidays", "list", "--year", "2026").stdout.splitlines()
    assert lines[0].split("\t") == ["date", "name", "kind", "deductsAnnual"]
    assert lines[1].split("\t") == [
        "2026-02-16",
        "Cuti Bersama Tahun Baru Imlek",
        "collective",
        "yes",
    ]
    done = sunshine("holidays", "import", "--country", "ID", "--year", "2026", "--dry-run")
    lines = done.stdout.splitlines()
    assert lines[0].split("\t") == ["date", "name", "kind", "outcome"]
    assert lines[1].split("\t") == ["2026-01-01", "Tahun Baru Masehi", "public", "new"]


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("--country", "XX", "--year", "2026"), 2, "XX"),
        (("--country", "Atlantis", "--year", "2026"), 2, "ATLANTIS"),
        (("--country", "IDN", "--year", "2026"), 2, "IDN"),
        (("--country", "ID"), 2, "--year"),
        (("--year", "2026"), 2, "--country"),
        (("--country", "ID", "--year", "26"), 2, "26"),
        (("--country", "ID", "--year", "2026", "--categories", "bank"), 2, "bank"),
        (("--country", "ID", "--year", "2026", "--categories", ""), 2, "categories"),
        (("--country", "DE", "--year", "2026", "--subdiv", "ZZ"), 2, "ZZ"),
        (("--country", "ID", "--year", "2026", "--language", "xx"), 2, "xx"),
        (("--country", "DE", "--year", "1950"), 3, "1950"),
    ],
)
def test_it_says_what_is_wrong(sunshine, words, code, said):
    done = sunshine("holidays", "import", *words)
    assert (done.returncode, done.stdout) == (code, "")
    assert said in done.stderr
    assert listed(sunshine) == []
