"""What /ws/branding-approval tells: the documented frame, to who may read the request."""

from contextlib import AsyncExitStack

from tests.api import Api
from tests.factories import hire, make
from tests.sockets import connected

PATH = "/ws/branding-approval"


async def test_the_documented_frame_comes_to_requester_and_approver(api: Api) -> None:
    boss = await hire(api)
    await make(
        api, "/api/users", username="boss", password="correct horse 9", name="John Doe",
        role="employee", employeeId=boss["id"],
    )  # fmt: skip
    body = {
        "title": "New Logo Design", "description": "Updated company logo", "category": "logo",
        "files": ["url_to_design_file"], "approvers": [api.hr.employee_id],
    }  # fmt: skip
    async with AsyncExitStack() as stack:
        clients = {
            name: await stack.enter_async_context(connected(api, PATH, as_=name))
            for name in ("employee", "hr", "stranger", "admin", "manager")
        }
        for client in clients.values():
            await client.ready()
        request = (await api.post("/api/branding-approval", body, as_="employee")).data
        review = {"action": "approve", "feedback": "Looks great, approved!", "revisionNotes": ""}
        path = f"/api/branding-approval/{request['id']}/review"
        assert (await api.post(path, review, as_="hr")).status == 200
        for name in ("employee", "hr", "admin"):
            submitted, decided = [await clients[name].frame() for _ in range(2)]
            assert decided.keys() == {"type", "data", "seq"}
            assert decided["type"] == "approval_update"
            assert decided["data"].keys() == {"requestId", "status", "approver", "timestamp"}
            assert decided["data"]["requestId"] == request["id"]
            assert (submitted["data"]["status"], decided["data"]["status"]) == (
                "pending", "approved",
            )  # fmt: skip
            assert decided["data"]["approver"] == "Hr Person"
        for name in ("stranger", "manager"):
            assert clients[name].waiting() == 0, name


async def test_a_drivers_token_opens_no_socket(api: Api) -> None:
    from tests.fleet.factories import signed_in
    from tests.sockets import refused

    _, token = await signed_in(api)
    for path in (PATH, "/ws/tickets"):
        assert (await refused(api, path, x_access_token=token)).status == 403
    async with connected(api, PATH) as client:
        await client.say({"type": "auth", "token": token})
        assert await client.closed() == 4403
