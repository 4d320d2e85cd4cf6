"""Any life of an asset: what tracking tells is what a replay of its events says, and what may be
done is what the replay makes plain."""

import itertools
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tornado.ioloop import IOLoop

from sunshine.core.errors import Conflict
from sunshine.core.principals import Principal, System
from sunshine.database.database import Transaction
from sunshine.modules.assets import assignments, inventory, reservations, tracking
from sunshine.modules.assets import maintenance as asset_maintenance
from tests.api import Api
from tests.factories import principal
from tests.row_factories import statement_of
from tests.runs import examples

START = datetime(2024, 3, 1, 9, tzinfo=UTC)
_number = itertools.count()
PEOPLE = ("employee", "stranger", "manager")
EVENTS = statement_of(
    """
SELECT type, entity_id, at, before, after FROM event
WHERE entity = 'asset' AND entity_id = :id
    OR entity = 'asset_maintenance'
        AND entity_id IN (SELECT id FROM asset_maintenance WHERE asset_id = :id)
    OR entity = 'asset_reservation'
        AND entity_id IN (SELECT id FROM asset_reservation WHERE asset_id = :id)
ORDER BY id
"""
)
people = st.sampled_from(PEOPLE)
places = st.sampled_from(["Store", "Desk"])
which = st.integers(0, 3)
steps = st.one_of(
    st.tuples(st.just("assign"), people),
    st.tuples(st.just("give back")),
    st.tuples(st.just("maintain"), st.booleans()),
    st.tuples(st.just("complete"), which),
    st.tuples(st.just("reopen"), which),
    st.tuples(st.just("see"), st.one_of(st.none(), places), st.integers(-4, 300)),
    st.tuples(st.just("put"), st.one_of(st.none(), places)),
    st.tuples(st.just("set"), st.sampled_from(["active", "inactive", "retired"])),
    st.tuples(st.just("reserve"), people, st.integers(0, 4), st.integers(0, 3)),
    st.tuples(st.just("cancel"), which),
)


@dataclass
class Life:
    """What the events alone tell of an asset."""

    holder: int | None = None
    location: str | None = None
    status: str = ""
    since: datetime = START
    history: list[str] = field(default_factory=list)
    maintenance: dict[int, bool] = field(default_factory=dict)  # whether it is open
    reserved: dict[int, tuple[int, str, str]] = field(default_factory=dict)

    def take(self, event: dict[str, Any]) -> None:
        """One more event."""
        after, id_ = event["after"] or {}, event["entity_id"]
        at = event["at"]
        match event["type"]:
            case "asset_assigned" | "asset_returned":
                self.holder = after["assignedTo"]
                self.happened(event["type"].removeprefix("asset_"), at)
            case "asset_moved":
                self.location = after["location"]
                self.happened("moved", datetime.fromisoformat(after["at"]))
            case "asset_created" | "asset_updated":
                self.status = after.get("status", self.status)
                self.relocated(after, at, is_new=event["type"] == "asset_created")
            case "asset_maintenance_created" | "asset_maintenance_updated":
                self.maintained(id_, after, is_new=event["type"].endswith("created"))
            case "asset_reserved":
                self.reserved[id_] = after["employeeId"], after["from"], after["to"]
            case "asset_reservation_cancelled":
                del self.reserved[id_]
            case unknown:
                raise AssertionError(unknown)

    def happened(self, what: str, at: datetime) -> None:
        self.history.append(what)
        self.since = max(self.since, at)

    def relocated(self, after: dict[str, Any], at: datetime, *, is_new: bool) -> None:
        if is_new:
            self.since = at
        elif "location" in after:
            self.happened("moved", at)
        self.location = after.get("location", self.location)

    def maintained(self, id_: int, after: dict[str, Any], *, is_new: bool) -> None:
        was_open, is_open = is_new or self.maintenance[id_], not after.get("completedOn")
        if is_new:
            self.history.append("maintenance_started")
        if was_open != is_open:
            self.history.append("maintenance_started" if is_open else "maintenance_completed")
        self.maintenance[id_] = is_open

    def allows(self, step: tuple[Any, ...], whose: dict[str, int], today: date) -> bool:
        """Whether a step is possible, by the rules of docs/assets.md."""
        is_open = any(self.maintenance.values())
        match step:
            case ("assign", name):
                return (
                    self.holder is None
                    and self.status == "active"
                    and not self.wanted(today, today, but=whose[name])
                )
            case ("give back",):
                return self.holder is not None
            case ("maintain", done):
                return self.status != "retired" and (done or not is_open)
            case ("reopen", number):
                id_ = self.numbered(number)
                return id_ is None or self.maintenance[id_] or (
                    self.status != "retired" and not is_open
                )  # fmt: skip
            case ("set", status):
                return status == self.status or (self.holder is None and not is_open)
            case ("reserve", _, days, more):
                begin = today + timedelta(days)
                return self.status != "retired" and not self.wanted(begin, begin + timedelta(more))
        return True

    def wanted(self, begin: date, end: date, *, but: int | None = None) -> bool:
        """Whether somebody (else) reserved one of the days."""
        return any(
            who != but and since <= end.isoformat() and until >= begin.isoformat()
            for who, since, until in self.reserved.values()
        )

    def numbered(self, number: int) -> int | None:
        """One of its maintenances."""
        known = list(self.maintenance)
        return known[number % len(known)] if known else None


@settings(
    max_examples=examples(50),
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(sequence=st.lists(steps, min_size=1, max_size=12))
def test_any_life_is_what_a_replay_of_its_events_says(
    api: Api, io_loop: IOLoop, sequence: list[tuple[Any, ...]]
) -> None:
    io_loop.run_sync(lambda: live(api, sequence))


async def live(api: Api, sequence: list[tuple[Any, ...]]) -> None:
    now, admin = START, principal(api, "admin")
    whose = {name: api.cast[name].employee_id or 0 for name in PEOPLE}

    async def change(verb: Callable[[Transaction], Awaitable[Any]]) -> Any:
        async with api.app.databases.sunshine.transaction(System(), now=now) as tx:
            return await verb(tx)

    new = {"assetCode": f"L-{next(_number)}", "name": "Thing", "category": "laptop"}
    id_ = (await change(lambda tx: inventory.create(tx, new)))["id"]
    life = await replayed(api, id_)
    for step in sequence:
        now += timedelta(hours=7)
        expected = life.allows(step, whose, now.date())
        try:
            await change(partial(act, id_=id_, step=step, life=life, whose=whose, actor=admin))
        except Conflict:
            assert not expected, step
        else:
            assert expected, step
        life = await replayed(api, id_)
    tracked = await tracking.track(api.app.databases.sunshine, id_, actor=admin)
    holder = tracked["current"]["holder"]
    assert (holder["employeeId"] if holder else None) == life.holder
    assert tracked["current"]["location"] == life.location
    assert tracked["current"]["since"] == life.since
    assert tracked["asset"]["status"] == life.status
    assert [line["what"] for line in reversed(tracked["history"])] == life.history
    assert (life.status == "maintenance") == any(life.maintenance.values())


async def act(
    tx: Transaction,
    *,
    id_: int,
    step: tuple[Any, ...],
    life: Life,
    whose: dict[str, int],
    actor: Principal,
) -> None:
    """One step; nothing where there is nothing to do it to."""
    match step:
        case ("assign", name):
            await assignments.assign(tx, id_, employeeId=whose[name])
        case ("give back",):
            await assignments.return_asset(tx, id_)
        case ("maintain", done):
            values = {"type": "repair", "startedOn": tx.today}
            values |= {"completedOn": tx.today} if done else {}
            await asset_maintenance.begin(tx, id_, values)
        case ("complete" | "reopen", number) if maintenance := life.numbered(number):
            done_on = tx.today if step[0] == "complete" else None
            await asset_maintenance.change(tx, id_, maintenance, {"completedOn": done_on})
        case ("see", place, minutes):
            at = {"timestamp": tx.now - timedelta(minutes=minutes)}
            seen = {"location": place} if place else {"latitude": -6.2, "longitude": 106.8}
            await tracking.report(tx, id_, seen | at, actor=actor)
        case ("put", place):
            await inventory.change(tx, id_, {"location": place})
        case ("set", status):
            await inventory.change(tx, id_, {"status": status})
        case ("reserve", name, days, more):
            begin = tx.today + timedelta(days)
            values = {"employeeId": whose[name], "from": begin, "to": begin + timedelta(more)}
            await reservations.reserve(tx, id_, values, actor=actor)
        case ("cancel", number) if life.reserved:
            known = list(life.reserved)
            await reservations.cancel(tx, id_, known[number % len(known)], actor=actor)


async def replayed(api: Api, id_: int) -> Life:
    """What the events tell by now."""
    life = Life()
    for event in await api.app.databases.sunshine.all(EVENTS, id=id_):
        life.take(event)
    return life
