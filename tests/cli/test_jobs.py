"""`sunshine jobs`: the timetable, and a job run by hand."""

import asyncio
import json
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import psycopg
import pytest

from sunshine.core.errors import Conflict
from sunshine.jobs.runner import Job
from sunshine.jobs.schedules import Daily
from sunshine.modules import registry
from tests.jobs.factories import note

JAKARTA = ZoneInfo("Asia/Jakarta")
# An answer of 1 March 2024 in Jakarta's last second, and one of the second after.
DAY = date(2024, 3, 1)
ANSWERS = (datetime(2024, 3, 1, 16, 59, 58), datetime(2024, 3, 1, 17, 0, 0))  # noqa: DTZ001 - UTC


@pytest.fixture(autouse=True)
def _one_job(monkeypatch):
    """The timetable's first job alone: what the others do is not ours to know."""
    monkeypatch.setattr(registry, "jobs", lambda _: registry.JOBS[:1])


@pytest.fixture
def sql(postgres, names):
    """Rows of the sunshine database, as tuples."""

    def run(query, *values):
        with psycopg.connect(
            host=postgres.host, port=postgres.port, user=postgres.user,
            dbname=names["sunshine"], autocommit=True,
        ) as connection:  # fmt: skip
            cursor = connection.execute(query, values)
            return cursor.fetchall() if cursor.description else []

    return run


@pytest.fixture
def answers(sql):
    """Stored answers, which the cleanup deletes a day after they were given."""
    for number, given in enumerate(ANSWERS):
        sql(
            "INSERT INTO idempotency_key VALUES ('user:1', %s, 'hash', 201, '', %s)",
            str(number), given.replace(tzinfo=UTC) - timedelta(days=1),
        )  # fmt: skip
    return lambda: [key for (key,) in sql("SELECT key FROM idempotency_key ORDER BY key")]


def listed(sunshine, **environment):
    return json.loads(sunshine("jobs", "list", "--json", **environment).stdout)


def with_job(monkeypatch, verb, **more):
    """One more job, at five past midnight."""
    work = Job("work", "For a test", Daily(time(0, 5)), verb, **more)
    monkeypatch.setattr(registry, "jobs", lambda _: (registry.JOBS[0], work))


def test_it_lists_what_there_is_and_when_it_is_due(sunshine, monkeypatch):
    with_job(monkeypatch, note)
    rows = listed(sunshine, BUSINESS_TZ="Asia/Jakarta")
    assert [(row["name"], row["schedule"], row["lastRun"]) for row in rows] == [
        ("cleanup", "every hour", None), ("work", "daily at 00:05", None),
    ]  # fmt: skip
    due = datetime.fromisoformat(rows[1]["nextDue"])
    assert due.astimezone(JAKARTA).time() == time(0, 5)
    assert timedelta(0) <= datetime.now(UTC) - due < timedelta(days=1)  # it never ran: it is due


def test_it_lists_how_the_last_run_went(sunshine, sql):
    sql(
        "INSERT INTO job_run"
        " (job, by_hand, due_at, started_at, finished_at, status, attempt, error)"
        " SELECT 'cleanup', false, date_trunc('hour', now()), at, at, 'failed', 3, 'E: no'"
        " FROM (VALUES (now())) AS now (at)"
    )
    [row] = listed(sunshine)
    last = row["lastRun"]
    assert (last["status"], last["attempt"], last["error"]) == ("failed", 3, "E: no")
    assert (last["byHand"], last["result"]) == (False, None)
    again = datetime.fromisoformat(row["nextDue"]) - datetime.fromisoformat(last["finishedAt"])
    assert again == timedelta(minutes=2)
    head, line = sunshine("jobs", "list").stdout.splitlines()
    assert head.split("\t") == [
        "name", "schedule", "due", "finished", "status", "attempt", "error", "nextDue",
    ]  # fmt: skip
    assert line.split("\t")[4:7] == ["failed", "3", "E: no"]


def test_a_job_that_never_ran_has_a_line_too(sunshine):
    _, line = sunshine("jobs", "list").stdout.splitlines()
    assert line.split("\t")[:7] == ["cleanup", "every hour", "", "", "", "", ""]


def test_it_runs_one_and_says_how_much_of_what(sunshine, answers):
    done = sunshine("jobs", "run", "cleanup", "--json")
    assert (done.returncode, done.stderr) == (0, "cleanup is done.\n")
    assert json.loads(done.stdout) == {
        "answers": 2, "tokens": 0, "runs": 0, "networks": 0, "contents": 0,
    }  # fmt: skip
    assert answers() == []
    lines = sunshine("jobs", "run", "cleanup").stdout.splitlines()
    assert lines == [
        "what\tcount", "answers\t0", "tokens\t0", "runs\t0", "networks\t0", "contents\t0",
    ]  # fmt: skip
    [row] = listed(sunshine)
    assert (row["lastRun"]["status"], row["lastRun"]["byHand"]) == ("done", True)


def test_a_run_by_hand_is_no_point_of_the_timetable(sunshine, sql):
    [before] = listed(sunshine)
    assert sunshine("jobs", "run", "cleanup", "--as-of", "2099-12-31").returncode == 0
    assert sunshine("jobs", "run", "cleanup").returncode == 0
    [after] = listed(sunshine)
    assert after["nextDue"] >= before["nextDue"]  # still due; an hour may have begun
    assert datetime.fromisoformat(after["nextDue"]) <= datetime.now(UTC)
    assert sql("SELECT due_at FROM job_run WHERE by_hand ORDER BY id LIMIT 1") == [
        (datetime(2099, 12, 31, 23, 59, 59, tzinfo=UTC),)
    ]


def test_as_of_a_date_is_when_that_day_is_over_where_the_business_is(sunshine, answers):
    run = ("jobs", "run", "cleanup", "--as-of")
    sunshine(*run, str(DAY - timedelta(days=1)), BUSINESS_TZ="Asia/Jakarta")
    assert answers() == ["0", "1"]
    sunshine(*run, str(DAY), BUSINESS_TZ="Asia/Jakarta")
    assert answers() == ["1"]


@pytest.mark.parametrize(
    ("instant", "left"),
    [
        ("2024-03-01T23:59:59+07:00", ["1"]),
        ("2024-03-01T16:59:58Z", ["0", "1"]),
        ("2024-03-01T17:00:01.000Z", []),
    ],
)
def test_as_of_an_instant_is_that_instant(sunshine, answers, instant, left):
    assert sunshine("jobs", "run", "cleanup", "--as-of", instant).returncode == 0
    assert answers() == left


@pytest.mark.parametrize(
    "text", ["yesterday", "20240301", "2024-02-30", "2024-03-01T00:00:00", "2024-W09-5", ""]
)
def test_as_of_nothing_we_understand_is_usage(sunshine, sql, text):
    done = sunshine("jobs", "run", "cleanup", "--as-of", text)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("Error: --as-of must be a")
    assert sql("SELECT * FROM job_run") == []


def test_a_dry_run_says_what_it_would_do_and_leaves_nothing(sunshine, answers, sql, monkeypatch):
    done = sunshine("jobs", "run", "cleanup", "--dry-run", "--json")
    assert json.loads(done.stdout)["answers"] == 2
    assert (done.returncode, done.stderr) == (0, "A dry run: nothing of this was kept.\n")
    assert answers() == ["0", "1"]
    deleted = []

    async def delete_files(*_):
        deleted.append(1)

    with_job(monkeypatch, note, after=delete_files)
    assert json.loads(sunshine("jobs", "run", "work", "--dry-run", "--json").stdout) == {"notes": 1}
    assert deleted == []
    assert sql("SELECT * FROM event") == []
    assert sql("SELECT * FROM job_run") == []


def test_a_name_that_is_none_is_not_found_and_the_names_are_told(sunshine):
    done = sunshine("jobs", "run", "clean-up")
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr == "Error: there is no job clean-up; there are: cleanup\n"


def test_one_that_is_running_is_not_run_twice(sunshine, sql, postgres, names):
    with psycopg.connect(
        host=postgres.host, port=postgres.port, user=postgres.user, dbname=names["sunshine"]
    ) as other:
        other.execute("SELECT pg_advisory_lock(hashtextextended('cleanup', %s))", [0x6A6F6273])
        for more in ((), ("--dry-run",)):
            done = sunshine("jobs", "run", "cleanup", *more)
            assert (done.returncode, done.stdout) == (1, "")
            assert done.stderr == "Error: cleanup is running right now\n"
    assert sql("SELECT * FROM job_run") == []


def test_one_that_fails_is_recorded_and_taken_back(sunshine, sql, monkeypatch):
    async def fails(tx):
        await note(tx)
        raise Conflict("there is no paper")

    with_job(monkeypatch, fails)
    done = sunshine("jobs", "run", "work")
    assert (done.returncode, done.stderr) == (1, "Error: there is no paper\n")
    assert sql("SELECT job, status, error FROM job_run") == [
        ("work", "failed", "Conflict: there is no paper")
    ]
    assert sql("SELECT * FROM event") == []


def test_an_interrupted_run_is_taken_back(sunshine, sql, monkeypatch):
    async def interrupted(tx):
        await note(tx)
        raise asyncio.CancelledError

    with_job(monkeypatch, interrupted)
    with pytest.raises(asyncio.CancelledError):
        sunshine("jobs", "run", "work")
    assert sql("SELECT * FROM event") == []
    with_job(monkeypatch, note)
    assert sunshine("jobs", "run", "work").returncode == 0
    assert sql("SELECT status, error FROM job_run ORDER BY id") == [
        ("failed", "the process ended before the job did"), ("done", None),
    ]  # fmt: skip
