"""POST /api/auth/login."""

from tests.api import Api
from tests.conftest import PASSWORD


async def test_it_answers_the_documented_shape(api: Api) -> None:
    await api.put(
        f"/api/users/{api.employee.user_id}", {"name": "John Doe"}, as_="employee"
    )
    answer = await api.post("/api/auth/login", {"username": "employee", "password": PASSWORD})
    assert answer.status == 200
    body = answer.json
    assert set(body) == {"success", "token", "user"}
    assert body["user"] == {
        "id": api.employee.user_id, "username": "employee", "name": "John Doe", "role": "employee",
    }  # fmt: skip
    assert (await api.get("/api/auth/account", as_=body["token"])).status == 200
