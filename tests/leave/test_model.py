"""Leave against its model: whatever is asked for, decided, cancelled, adjusted, whichever holidays
come and go and however time passes, balances and ledger agree with tests/leave/model.py.
"""

import asyncio
from collections.abc import Callable, Coroutine
from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import psycopg
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from psycopg.rows import dict_row
from tornado.ioloop import IOLoop

from sunshine.core.errors import AppError
from sunshine.core.policy import Policy
from sunshine.core.principals import Principal, System
from sunshine.database.connections import conninfo
from sunshine.database.database import Database, Transaction
from sunshine.modules.leave import decisions, holidays, jobs, ledger, queries
from sunshine.modules.leave import requests as leave
from tests.api import Api
from tests.factories import principal
from tests.leave.model import DAY, Company, Person, Refused, Request
from tests.runs import examples

PEOPLE = ("anna", "budi", "citra")
ENTERED = date(2024, 1, 1)
TABLES = ("attendance", "leave_entry", "leave_day", "leave", "holiday", "event")

who = st.sampled_from(PEOPLE)
near = st.integers(-40, 60)
number = st.integers(0, 1000)


class World:
    """The real thing: verbs in transactions, and what is stored."""

    def __init__(self, api: Api, loop: asyncio.AbstractEventLoop) -> None:
        self.database: Database = api.app.databases.sunshine
        self.loop = loop
        self.hr: Principal = principal(api, "hr")
        self.sql = psycopg.connect(
            conninfo(self.database.settings), autocommit=True, row_factory=dict_row
        )
        # The cast only look on.
        self.sql.execute("UPDATE employee SET status = 'inactive'")
        made = "INSERT INTO employee (name) VALUES (%s) RETURNING id"
        self.ids = {name: self.row(made, name)["id"] for name in PEOPLE}
        self.names = {id_: name for name, id_ in self.ids.items()}
        shift = self.row(
            "INSERT INTO shift (name, start_time, end_time, work_days)"
            " VALUES ('Six days', '08:00', '16:00', '{1,2,3,4,5,6}') RETURNING id"
        )["id"]
        self.sql.execute(
            "INSERT INTO employee_shift (employee_id, shift_id, valid_from)"
            " VALUES (%s, %s, '2000-01-01')",
            (self.ids["budi"], shift),
        )

    def row(self, query: str, *values: Any) -> dict[str, Any]:
        row = self.sql.execute(query, values).fetchone()
        assert row
        return row

    def reset(self, people: dict[str, Person]) -> None:
        self.sql.execute("; ".join(f"DELETE FROM {table}" for table in TABLES))
        for name, person in people.items():
            self.sql.execute(
                "UPDATE employee SET join_date = %s, created_at = %s, status = %s WHERE id = %s",
                (person.joined, person.entered, _status(person), self.ids[name]),
            )

    def wait(self, work: Coroutine[Any, Any, Any]) -> Any:
        return self.loop.run_until_complete(work)

    def do(
        self, today: date, verb: Callable[[Transaction], Coroutine[Any, Any, Any]], actor: Any
    ) -> Any:
        """What a verb answers in a transaction of its own; the code it refuses with."""

        async def change() -> Any:
            now = datetime(today.year, today.month, today.day, 12, tzinfo=UTC)
            async with self.database.transaction(actor, now=now) as tx:
                return await verb(tx)

        try:
            return self.wait(change())
        except AppError as problem:
            return problem.code


def _status(person: Person) -> str:
    return "active" if person.active else "inactive"


class Leave(RuleBasedStateMachine):
    """Company is the model; World the real thing."""

    world: World

    @initialize(
        begin=st.sampled_from([date(2024, 11, 20), date(2025, 2, 20), date(2025, 12, 20)]),
        carry=st.sampled_from([0, 3, 5]),
        expiry=st.sampled_from([None, (1, 15), (3, 31), (12, 31)]),
        annual=st.sampled_from([6, 12]),
        prorated=st.booleans(),
        grace=st.sampled_from([0, 3]),
    )
    def begin(self, begin: date, **chosen: Any) -> None:
        policy = Policy(
            annual_leave_days=chosen["annual"],
            special_leave_days=3,
            leave_prorated=chosen["prorated"],
            carry_forward_days=chosen["carry"],
            carry_forward_expiry=chosen["expiry"],
            approval_grace_days=chosen["grace"],
        )
        five, six = frozenset(range(1, 6)), frozenset(range(1, 7))
        people = {
            "anna": Person(None, ENTERED, five),
            "budi": Person(date(2025, 2, 10), ENTERED, six),
            "citra": Person(date(2024, 6, 1), ENTERED, five, active=False),
        }
        self.model = Company(policy, begin, people)
        self.world.database.policy = policy
        self.world.reset(people)

    def both(
        self,
        predicted: Callable[[], Any],
        verb: Callable[[Transaction], Coroutine[Any, Any, Any]],
        actor: Any = None,
    ) -> Any:
        """Model and real thing agree on whether it may be done, and why not; what each answers."""
        answer = self.world.do(self.model.today, verb, actor or self.world.hr)
        expected = refusal = None
        try:
            expected = predicted()
        except Refused as refused:
            refusal = str(refused)
        assert (answer if isinstance(answer, str) else None) == refusal
        return None if refusal else (expected, answer)

    # ---- What people do -----------------------------------------------------------------------

    @rule(
        name=who,
        leave_type=st.sampled_from(["annual", "annual", "special", "collective"]),
        offset=near,
        length=st.sampled_from([0, 0, 1, 2, 4, 6, 12]),
        half=st.sampled_from([None, None, "am", "pm"]),
    )
    def apply(self, name: str, leave_type: str, offset: int, length: int, half: str | None) -> None:
        first = self.model.today + offset * DAY
        last = first + length * DAY
        values = {
            "employeeId": self.world.ids[name], "leaveType": leave_type,
            "startDate": first, "endDate": last, "reason": "-",
        } | ({"halfDay": half} if half else {})  # fmt: skip
        done = self.both(
            lambda: self.model.ask(name, leave_type, first, last, half),
            lambda tx: leave.apply(tx, values, actor=self.world.hr),
        )
        if done:
            request, row = done
            assert row["days"] == sum(request.days.values())
            assert row["deadline"] == request.deadline
            self.model.requests[row["id"]] = request

    @precondition(lambda self: self.model.requests)
    @rule(number=number)
    def approve(self, number: int) -> None:
        id_, request = self._one(number)
        self.both(
            lambda: self.model.approve(request),
            lambda tx: decisions.decide(tx, id_, action="approve", actor=self.world.hr),
        )

    @precondition(lambda self: self.model.requests)
    @rule(number=number)
    def reject(self, number: int) -> None:
        id_, request = self._one(number)
        self.both(
            lambda: self.model.reject(request),
            lambda tx: decisions.decide(tx, id_, action="reject", notes="-", actor=self.world.hr),
        )

    @precondition(lambda self: self.model.requests)
    @rule(number=number)
    def cancel(self, number: int) -> None:
        id_, request = self._one(number)
        self.both(
            lambda: self.model.cancel(request),
            lambda tx: decisions.cancel(tx, id_, actor=self.world.hr),
        )

    def _one(self, number: int) -> tuple[int, Request]:
        """The latest are the likeliest to be open."""
        ids = list(self.model.requests)
        id_ = ids[-1 - number % min(len(ids), 5)]
        return id_, self.model.requests[id_]

    @rule(
        name=who,
        kind=st.sampled_from(["annual", "special"]),
        years=st.integers(-1, 1),
        halves=st.integers(-6, 6).filter(bool),
    )
    def adjust(self, name: str, kind: str, years: int, halves: int) -> None:
        year = self.model.today.year + years
        values = {"leaveType": kind, "year": year, "days": halves / 2, "reason": "-"}
        id_ = self.world.ids[name]
        self.both(
            lambda: self.model.adjust(name, kind, year, halves / 2),
            lambda tx: ledger.adjust(tx, id_, values),
        )

    # ---- Holidays -----------------------------------------------------------------------------

    @rule(offset=near, kind=st.sampled_from(["public", "collective", "unpaid"]))
    def add_holiday(self, offset: int, kind: str) -> None:
        day = self.model.today + offset * DAY
        done = self.both(
            lambda: self.model.check_free(day),
            lambda tx: holidays.create(tx, _holiday(day, kind)),
        )
        if done:
            self.model.add(done[1]["id"], day, kind == "collective")

    @precondition(lambda self: self.model.holidays)
    @rule(number=number)
    def remove_holiday(self, number: int) -> None:
        id_ = list(self.model.holidays)[number % len(self.model.holidays)]
        self.both(lambda: self.model.remove(id_), lambda tx: _delete(tx, id_))

    @precondition(lambda self: self.model.holidays)
    @rule(number=number, days=st.integers(-9, 9), kind=st.sampled_from(["public", "collective"]))
    def move_holiday(self, number: int, days: int, kind: str) -> None:
        id_ = list(self.model.holidays)[number % len(self.model.holidays)]
        day = self.model.holidays[id_].date + days * DAY
        done = self.both(
            lambda: self.model.check_free(day, id_),
            lambda tx: holidays.change(tx, id_, _holiday(day, kind)),
        )
        known = self.model.holidays[id_]
        if done and (known.date, known.deducts) != (day, kind == "collective"):
            self.model.remove(id_)
            self.model.add(id_, day, kind == "collective")

    # ---- Time ---------------------------------------------------------------------------------

    @rule(days=st.sampled_from([1, 3, 10, 30]))
    def wait(self, days: int) -> None:
        self.model.today += timedelta(days)

    @rule()
    def hire(self) -> None:
        citra = self.model.people["citra"]
        if not citra.active:
            citra.active, citra.entered = True, self.model.today
            self.world.sql.execute(
                "UPDATE employee SET status = 'active', created_at = %s WHERE id = %s",
                (citra.entered, self.world.ids["citra"]),
            )

    @rule()
    def allocate(self) -> None:
        self.both(self.model.allocate, jobs.allocate, System())

    @rule()
    def expire(self) -> None:
        self.both(self.model.expire, jobs.expire, System())

    @rule()
    def auto_reject(self) -> None:
        self.both(self.model.auto_reject, jobs.auto_reject, System())

    # ---- What must hold -----------------------------------------------------------------------

    @invariant()
    def balances_agree(self) -> None:
        today, policy = self.model.today, self.model.policy
        last = today.year + 1
        read = queries.read(_as_of(self), self.world.ids.values(), last - 3, last)
        found = self.world.wait(read)
        for name, id_ in self.world.ids.items():
            for year in range(last - 2, last + 1):
                two = {key: found[id_][key] for key in found[id_] if key[0] in (year - 1, year)}
                answer = ledger.year_of(two, year, policy, today)
                assert answer == self.model.standing(name, year), (name, year)

    @invariant()
    def ledger_agrees(self) -> None:
        stored = self.world.row(STORED)
        requests = {row["id"]: row for row in stored["requests"]}
        assert requests.keys() == self.model.requests.keys()
        for id_, request in self.model.requests.items():
            row = requests[id_]
            taken = sum(request.days.values()) if request.status == "approved" else 0
            assert (row["status"], row["entered"]) == (request.status, -taken)
            assert row["days"] == {str(day): portion for day, portion in request.days.items()}
        names = self.world.names
        opened = {(names[row["who"]], row["year"]): row["carried"] for row in stored["opened"]}
        assert opened == self.model.opened
        charged = {(row["holiday"], names[row["who"]]): row["days"] for row in stored["charged"]}
        assert charged == {
            (id_, name): -1
            for id_, holiday in self.model.holidays.items()
            for name in holiday.charged
        }


# What is stored of requests, of opened years and of collective holidays, in one row.
STORED = """
SELECT
  (SELECT coalesce(json_agg(r), '[]') FROM (
    SELECT id, status,
      (SELECT coalesce(sum(days), 0) FROM leave_entry WHERE leave_id = leave.id) AS entered,
      (SELECT coalesce(json_object_agg(day, portion), '{}') FROM leave_day
       WHERE leave_id = leave.id) AS days
    FROM leave) r) AS requests,
  (SELECT coalesce(json_agg(o), '[]') FROM (
    SELECT employee_id AS who, year,
      coalesce(sum(days) FILTER (WHERE kind = 'carry_forward' AND days > 0), 0) AS carried
    FROM leave_entry GROUP BY 1, 2 HAVING bool_or(kind = 'allocation')) o) AS opened,
  (SELECT coalesce(json_agg(c), '[]') FROM (
    SELECT holiday_id AS holiday, employee_id AS who, sum(days) AS days
    FROM leave_entry WHERE holiday_id IS NOT NULL
    GROUP BY 1, 2 HAVING sum(days) <> 0) c) AS charged
"""


def _as_of(machine: Leave) -> Any:
    """The database as it is read on the model's day."""
    model, database = machine.model, machine.world.database
    return SimpleNamespace(today=model.today, policy=model.policy, all=database.all)


def _holiday(day: date, kind: str) -> dict[str, Any]:
    public, deducts = kind == "public", kind == "collective"
    return {
        "date": day, "name": "-", "kind": "public" if public else "collective",
        "deductsAnnual": deducts,
    }  # fmt: skip


async def _delete(tx: Transaction, id_: int) -> dict[str, Any]:
    await holidays.delete(tx, id_)
    return {}


def test_balances_and_ledger_agree_with_the_model(api: Api, io_loop: IOLoop) -> None:
    """LEAVE_MODEL_RUNS asks for more runs, as .ci/run does, or fewer."""
    world = World(api, io_loop.asyncio_loop)  # type: ignore[attr-defined]
    policy = world.database.policy
    chosen = settings(
        max_examples=examples(10),
        stateful_step_count=50,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    try:
        run_state_machine_as_test(type("Leave", (Leave,), {"world": world}), settings=chosen)
    finally:
        world.database.policy = policy
        world.sql.close()
