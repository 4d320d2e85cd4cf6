"""`sunshine attendance report`: a month in figures from the command line."""

import csv
import io
import json

import openpyxl
import psycopg
import pytest

HEAD = ["employeeId", "name", "department", "workDays", "present", "late", "absent", "leave",
        "permitHours", "workedHours", "overtimeHours"]  # fmt: skip
MONTH = ("attendance", "report", "--month", "2", "--year", "2024")


@pytest.fixture
def people(environ):
    """Anna of IT, a day at work in February 2024, and Bob of Sales, who took one; their ids."""
    with psycopg.connect(
        host=environ["PG_SUNSHINE_HOST"],
        port=environ["PG_SUNSHINE_PORT"],
        user=environ["PG_SUNSHINE_USER"],
        dbname=environ["PG_SUNSHINE_DB"],
        autocommit=True,
    ) as connection:
        made = connection.execute("""
            WITH d AS (INSERT INTO department (name) VALUES ('IT'), ('Sales') RETURNING id, name)
            INSERT INTO employee (name, join_date, department_id)
            SELECT CASE name WHEN 'IT' THEN 'Anna' ELSE 'Bob' END, '2020-01-01', id FROM d
            RETURNING name, id
        """)
        ids: dict[str, int] = dict(made.fetchall())
        connection.execute(
            "INSERT INTO attendance (employee_id, work_date, status, check_in_at, worked_minutes)"
            " VALUES (%s, '2024-02-01', 'present', '2024-02-01T08:00Z', 450)",
            [ids["Anna"]],
        )
        connection.execute(
            "WITH l AS (INSERT INTO leave (employee_id, leave_type, start_date, end_date, status,"
            " deadline) VALUES (%s, 'annual', '2024-02-02', '2024-02-02', 'approved', now())"
            " RETURNING id) INSERT INTO leave_day SELECT id, '2024-02-02' FROM l",
            [ids["Bob"]],
        )
    return ids


def printed(done):
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_it_prints_a_table(sunshine, people):
    lines = [line.split("\t") for line in printed(sunshine(*MONTH)).splitlines()]
    assert lines == [
        HEAD,
        [str(people["Anna"]), "Anna", "IT", "21", "1", "0", "0", "0.0", "0.0", "7.5", "0.0"],
        [str(people["Bob"]), "Bob", "Sales", "21", "0", "0", "0", "1.0", "0.0", "0.0", "0.0"],
        ["", "Total", "", "42", "1", "0", "0", "1.0", "0.0", "7.5", "0.0"],
    ]


@pytest.mark.parametrize("how", [("--json",), ("--format", "json")])
def test_it_prints_json(sunshine, people, how):
    found = json.loads(printed(sunshine(*MONTH, *how)))
    assert (found["month"], found["year"]) == (2, 2024)
    assert [list(row) for row in found["employees"]] == [HEAD, HEAD]
    assert [row["workedHours"] for row in found["employees"]] == [7.5, 0]
    assert found["totals"]["leave"] == 1


def test_it_prints_csv(sunshine, people):
    rows = list(csv.reader(io.StringIO(printed(sunshine(*MONTH, "--format", "csv")))))
    assert rows[0] == HEAD
    assert [row[1] for row in rows[1:]] == ["Anna", "Bob", "Total"]


@pytest.mark.parametrize("format_", ["csv", "json", "xlsx"])
def test_it_writes_a_file(sunshine, people, tmp_path, format_):
    path = tmp_path / f"february.{format_}"
    assert printed(sunshine(*MONTH, "--format", format_, "--output", str(path))) == ""
    content = path.read_bytes()
    if format_ == "xlsx":
        sheet = openpyxl.load_workbook(io.BytesIO(content)).active
        assert [row[1] for row in sheet.values] == ["name", "Anna", "Bob", "Total"]
    elif format_ == "json":
        assert json.loads(content)["totals"]["workDays"] == 42
    else:
        assert content.startswith(b"employeeId,name,")
    assert [path.name for path in tmp_path.iterdir() if "february" in path.name] == [path.name]


def test_it_narrows_to_a_department(sunshine, people):
    for said in ("Sales", "sales"):
        found = json.loads(printed(sunshine(*MONTH, "--department", said, "--json")))
        assert [row["name"] for row in found["employees"]] == ["Bob"]
    done = sunshine(*MONTH, "--department", "Sale")
    assert (done.returncode, done.stderr) == (3, "Error: there is no department Sale\n")


@pytest.mark.parametrize(
    "wrong",
    [
        ("--month", "13"),
        ("--year", "0"),
        ("--format", "pdf"),
        ("--output", "x.csv"),  # a table is for the eye
    ],
)
def test_what_makes_no_sense_is_usage(sunshine, tmp_path, monkeypatch, wrong):
    monkeypatch.chdir(tmp_path)
    done = sunshine(*MONTH, *wrong)
    assert (done.returncode, done.stdout) == (2, "")
    assert list(tmp_path.iterdir()) == []


def test_it_asks_for_month_and_year(sunshine):
    assert "--year" in sunshine("attendance", "report", "--month", "2").stderr
    assert "--month" in sunshine("attendance", "report", "--year", "2024").stderr


def test_no_workbook_is_spilled_on_a_terminal(in_terminal, people):
    code, screen = in_terminal(*MONTH, "--format", "xlsx")
    assert code == 2
    assert "--output" in screen
    code, screen = in_terminal(*MONTH)
    assert code == 0
    assert "Total" in screen
