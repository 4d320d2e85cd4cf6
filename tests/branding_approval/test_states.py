"""The life of a request: every act of every caller in every state, then random lives against a
model of the rules."""

from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tornado.ioloop import IOLoop

from tests.api import Answer, Api
from tests.branding_approval.factories import PATH, find, ids, join, review, revise, submit
from tests.runs import examples

VOTES = {"approve": "approved", "reject": "rejected", "request_revision": "revision"}
STATES = ("pending", "approved", "rejected", "revision")
DECIDED, VOTED, ASKED = "already_decided", "already_reviewed", "no_revision_requested"
# manager has approved, stranger votes last, employee asked, past voted on the revision before,
# dropped was an approver of it.
CALLERS = ("employee", "manager", "stranger", "past", "dropped", "hr", "outsider", "Brand", "admin")


async def in_state(api: Api, state: str) -> dict[str, Any]:
    """A request in its second revision, of which `manager` approved."""
    request = await submit(api, "past", "dropped")
    await review(api, request, "past", "request_revision")
    await revise(api, request, approvers=ids(api, "manager", "stranger"))
    answer = await review(api, request, "manager")
    if state != "pending":
        [action] = [action for action, status in VOTES.items() if status == state]
        answer = await review(api, request, "stranger", action)
    made: dict[str, Any] = answer.data
    assert made["status"] == state
    return made


def expected(caller: str, act: str, state: str) -> Any:
    """200, 403, or the code of the conflict."""
    if act == "see":
        return (
            200 if caller in ("employee", "manager", "stranger", "past", "Brand", "admin") else 403
        )
    if act == "revise":
        return (200 if state == "revision" else ASKED) if caller == "employee" else 403
    if caller not in ("manager", "stranger", "admin"):
        return 403
    if state != "pending":
        return DECIDED
    return VOTED if caller == "manager" else 200


async def do(api: Api, request: dict[str, Any], caller: str, act: str) -> Answer:
    if act == "see":
        return await api.get(f"{PATH}/{request['id']}", as_=caller)
    if act == "revise":
        return await revise(api, request, as_=caller)
    return await review(api, request, caller, act)


def result(answer: Answer) -> Any:
    """As `expected` says it."""
    return answer.status if answer.status in (200, 403) else answer.code


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("act", ["see", "revise", *VOTES])
async def test_it_does_what_the_table_says(api: Api, act: str, state: str) -> None:
    await join(api, "Brand", "branding:manage")
    for name in ("past", "dropped"):
        await join(api, name)
    for caller in CALLERS:
        request = await in_state(api, state)
        events = await api.events()
        answer = await do(api, request, caller, act)
        assert result(answer) == expected(caller, act, state), caller
        after = await find(api, request)
        if act == "see" or answer.status != 200:
            assert after == request
            assert await api.events() == events
        else:
            assert after["status"] == VOTES.get(act, "pending")
            assert after["revision"] == (3 if act == "revise" else 2)
            assert len(await api.events()) == len(events) + 1


# ---- Random lives -------------------------------------------------------------------------------

PANEL = ("manager", "stranger", "hr")


@dataclass
class Model:
    """The rules, as somebody would say them."""

    mode: str
    approvers: tuple[str, ...]
    status: str = "pending"
    votes: list[dict[str, str]] = field(default_factory=lambda: [{}])
    events: int = 1

    def do(self, caller: str, act: str, approvers: tuple[str, ...]) -> Any:
        if act == "revise":
            return self.revise(caller, approvers)
        return self.vote(caller, act)

    def revise(self, caller: str, approvers: tuple[str, ...]) -> Any:
        if caller != "employee":
            return 403
        if self.status != "revision":
            return ASKED
        self.status, self.approvers = "pending", approvers
        self.votes.append({})
        return self.happened()

    def vote(self, caller: str, act: str) -> Any:
        votes = self.votes[-1]
        if caller not in (*self.approvers, "admin"):
            return 403
        if self.status != "pending":
            return DECIDED
        if caller in votes:
            return VOTED
        votes[caller] = act
        approvals = [voter for voter in self.approvers if votes.get(voter) == "approve"]
        enough = 1 if self.mode == "any" else len(self.approvers)
        if act != "approve" or caller not in self.approvers or len(approvals) >= enough:
            self.status = VOTES[act]
        return self.happened()

    def happened(self) -> int:
        self.events += 1
        return 200


panels = st.lists(st.sampled_from([*PANEL, "admin"]), min_size=1, max_size=4, unique=True).map(
    tuple
)
steps = st.tuples(
    st.sampled_from(["employee", *PANEL, "admin"]),
    # Lives that go on are the interesting ones.
    st.sampled_from(["approve", "approve", "reject", "request_revision", "revise", "revise"]),
    panels,
)


@settings(
    max_examples=examples(20),
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(mode=st.sampled_from(["all", "any"]), panel=panels, life=st.lists(steps, max_size=12))
def test_any_life_goes_as_the_rules_say(
    api: Api, io_loop: IOLoop, mode: str, panel: tuple[str, ...], life: list[Any]
) -> None:
    io_loop.run_sync(lambda: live(api, Model(mode, panel), life))


async def live(api: Api, model: Model, life: list[tuple[str, str, tuple[str, ...]]]) -> None:
    request = await submit(api, *model.approvers, mode=model.mode)
    names = {api.cast[name].employee_id: name for name in (*PANEL, "admin")}
    for caller, act, approvers in life:
        named = {"approvers": ids(api, *approvers)} if act == "revise" else {}
        told = model.do(caller, act, approvers)
        if act == "revise":
            answer = await revise(api, request, as_=caller, **named)
        else:
            answer = await review(api, request, caller, act)
        assert result(answer) == told, (caller, act)
        row = await find(api, request)
        assert row["status"] == model.status
        assert row["revision"] == len(row["history"]) == len(model.votes)
        shown = [
            {names.get(vote["employeeId"], "admin"): vote["vote"] for vote in one["votes"]}
            for one in row["history"]
        ]
        assert shown == model.votes
        voted = {one["name"]: one["vote"] for one in row["approvers"]}
        assert voted == {
            f"{name.capitalize()} Person": model.votes[-1].get(name) for name in model.approvers
        }
    rows = await api.sql("SELECT 1 FROM event WHERE entity_id = %(id)s", id=request["id"])
    assert len(rows) == model.events
