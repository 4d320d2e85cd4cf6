"""Photos of check-ins and check-outs: kept as files, shown by URLs that end."""

import base64
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from sunshine.core.fields import MAX_PICTURE
from sunshine.modules.attendance import check_in
from tests.api import Api
from tests.attendance.factories import LIST, come, leave, records
from tests.factories import found, refused

JPEG = b"\xff\xd8\xff\xe0" + bytes(range(256)) * 4
PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + bytes(100)


def sent(content: bytes) -> str:
    return base64.b64encode(content).decode()


def files(api: Api) -> dict[str, bytes]:
    """Every stored file by its path, unfinished ones too."""
    root: Path = api.app.settings.directory / "static"
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in root.rglob("*")
        if path.is_file()
    }


@pytest.fixture(autouse=True)
def _clean(api: Api) -> None:
    root = api.app.settings.directory / "static"
    for path in files(api):
        (root / path).unlink()


async def test_it_is_kept_and_shown(api: Api) -> None:
    came = (await come(api, photo=sent(JPEG))).data
    left = (await leave(api, photo=f"data:image/png;base64,{sent(PNG)}")).data
    [row] = await records(api)
    assert files(api) == {row["check_in_photo"]: JPEG, row["check_out_photo"]: PNG}
    assert row["check_in_photo"].startswith("employee/attendance/")
    assert row["check_in_photo"].endswith(".jpg")
    assert row["check_out_photo"].endswith(".png")
    one = (await api.get(f"{LIST}/{row['id']}", as_="employee")).data
    [listed] = await found(api, LIST, "hr")
    corrected = (await api.put(f"{LIST}/{row['id']}", {"notes": "X"}, as_="hr")).data
    clash = (await come(api, "hr", employeeId=api.employee.employee_id,
                        timestamp=came["checkIn"])).json["data"]  # fmt: skip
    for shown in (came, left, one, listed, corrected, clash):
        url = urlsplit(shown["checkInPhoto"])
        assert url.path == f"/api/static/{row['check_in_photo']}"
        assert url.query.startswith("e=")
    assert urlsplit(left["checkOutPhoto"]).path == f"/api/static/{row['check_out_photo']}"
    # What is recorded for ever holds no signature.
    events = await api.sql("SELECT after FROM event ORDER BY id")
    assert events[0]["after"]["checkInPhoto"] == row["check_in_photo"]
    assert events[1]["after"]["checkOutPhoto"] == row["check_out_photo"]
    [teams] = await found(api, LIST, "manager")
    assert "checkInPhoto" not in teams


@pytest.mark.parametrize("photo", [None, "base64_photo_string"])
async def test_none_is_none(api: Api, photo: str | None) -> None:
    assert (await come(api, photo=photo)).data["checkInPhoto"] is None
    assert files(api) == {}


async def test_five_mebibytes_are_the_limit(api: Api) -> None:
    whole = JPEG + bytes(MAX_PICTURE - len(JPEG))
    assert (await come(api, photo=sent(whole))).status == 201
    answer = await leave(api, photo=sent(whole + b"\x00"))
    assert (answer.status, answer.fields) == (400, {"photo"})
    assert [len(content) for content in files(api).values()] == [MAX_PICTURE]
    [row] = await records(api)
    assert row["check_out_at"] is None


@pytest.mark.parametrize(
    "photo",
    ["", "not base64!", sent(b"GIF89a" + bytes(100)), sent(b"<svg></svg>"), sent(JPEG)[:-2],
     sent(b"<html>" + JPEG)],
)  # fmt: skip
async def test_it_is_a_picture(api: Api, photo: str) -> None:
    for answer in (await come(api, photo=photo), await leave(api, photo=photo)):
        await refused(api, answer, 400, "validation_failed")
        assert answer.fields == {"photo"}
    assert files(api) == {}


async def test_what_is_refused_leaves_no_file(api: Api) -> None:
    body: dict[str, Any] = {"photo": sent(JPEG), "timestamp": "2024-01-15T08:00:00Z"}
    assert (await come(api, **body)).status == 400
    assert (await leave(api, photo=sent(JPEG))).status == 409
    assert (await come(api, "outsider", photo=sent(JPEG))).status == 403
    assert files(api) == {}
    who = {"employeeId": api.employee.employee_id}
    first = await come(api, "hr", **who, **body)
    assert (await come(api, "hr", **who, **body)).data["id"] == first.data["id"]
    assert (await come(api, photo=sent(JPEG))).status == 409
    assert len(files(api)) == 1


async def test_what_fails_after_it_was_kept_leaves_no_file(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As when another server, which does not lock as we do, was faster."""

    async def nothing(*_: Any) -> None: ...

    assert (await come(api)).status == 201
    monkeypatch.setattr(check_in, "_existing", nothing)
    answer = await come(api, photo=sent(JPEG))
    assert (answer.status, answer.code) == (409, "already_checked_in")
    assert files(api) == {}
    assert len(await records(api)) == 1
