"""POST /api/upload/temp: what is taken in, whole or not at all."""

import asyncio
import re
import time
from typing import Any

import pytest

from sunshine.core.errors import StorageFull
from sunshine.files import uploads
from sunshine.files.uploads import MAX_BYTES, MAX_FILE, MAX_FILES
from tests.api import Api
from tests.conftest import Now
from tests.files.forms import (
    BOUNDARY,
    FORM,
    PNG,
    UPLOAD,
    files,
    form,
    noise,
    part,
    path_of,
    upload,
    uploaded,
)
from tests.fleet.factories import signed_in


async def rows(api: Api) -> list[Any]:
    return await api.sql("SELECT * FROM upload ORDER BY id")


async def nothing_is_left(api: Api) -> bool:
    """Soon: what went wrong is cleaned up after the answer."""
    for _ in range(100):
        if not files(api, "temp") and not await rows(api):
            return True
        await asyncio.sleep(0.05)
    return False


async def test_the_documented_example(disk: Api, now: Now) -> None:
    now.set(2024, 1, 15, 8)
    answer = await upload(disk, b"%PDF-1.7 a file", "filename.pdf")
    assert answer.status == 200
    assert list(answer.json) == ["success", "name", "url", "status"]
    assert (answer.json["success"], answer.json["status"]) == (True, "done")
    name = answer.json["name"]
    assert re.fullmatch(r"1705305600000-[0-9]{39}-filename\.pdf", name)
    assert answer.json["url"] == f"{disk.app.settings.base_domain}/api/temp/{name}"
    assert files(disk, "temp") == {name: b"%PDF-1.7 a file"}


async def test_it_is_recorded_without_the_right_to_it(disk: Api) -> None:
    await upload(disk, b"a file", "a.txt")
    [event] = await disk.sql("SELECT * FROM event")
    [row] = await rows(disk)
    assert (event["type"], event["entity"], event["entity_id"]) == (
        "file_uploaded", "upload", row["id"],
    )  # fmt: skip
    assert (event["actor_id"], event["after"]["name"], event["after"]["size"]) == (
        disk.employee.user_id, "a.txt", 6,
    )  # fmt: skip
    assert row["name"][:52] not in str(event)
    assert (row["user_id"], row["size"], row["ready"]) == (disk.employee.user_id, 6, True)


async def test_10_mib_pass_and_one_byte_more_does_not(disk: Api) -> None:
    content = noise(MAX_FILE)
    assert (await upload(disk, content)).status == 200
    assert list(files(disk, "temp").values()) == [content]
    answer = await upload(disk, content + b"x")
    assert (answer.status, answer.code) == (413, "too_large")
    assert len(files(disk, "temp")) == 1
    assert len(await rows(disk)) == 1
    assert await disk.events() == ["file_uploaded"]


@pytest.mark.parametrize("size", [0, 1, 16 * 1024, 64 * 1024 + 1, 3_000_000])
async def test_every_byte_arrives(disk: Api, size: int) -> None:
    # Ends of forms that are none, at every place of a piece that is read.
    content = (noise(997) + f"\r\n--{BOUNDARY[:-1]}".encode())[:size] * (size // 1040 + 1)
    await upload(disk, content[:size])
    assert list(files(disk, "temp").values()) == [content[:size]]


async def test_a_body_of_unknown_length_is_as_good(disk: Api) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", disk.port)
    head = (
        f"POST {UPLOAD} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n"
        f"Content-Type: {FORM}\r\nx-access-token: {disk.employee.token}\r\n\r\n"
    )
    writer.write(head.encode())
    body = form(part(b"a file"))
    for begin in range(0, len(body), 10):
        piece = body[begin : begin + 10]
        writer.write(f"{len(piece):x}\r\n".encode() + piece + b"\r\n")
    writer.write(b"0\r\n\r\n")
    assert (await reader.readline()).startswith(b"HTTP/1.1 200")
    writer.close()
    assert list(files(disk, "temp").values()) == [b"a file"]


@pytest.mark.parametrize(
    ("as_", "headers", "status", "code"),
    [
        (None, {}, 401, "not_signed_in"),
        ("rubbish", {}, 401, "not_signed_in"),
        ("employee", {"Content-Type": "application/json"}, 415, "unsupported_media_type"),
        ("employee", {"Content-Type": "multipart/form-data"}, 400, "validation_failed"),
        ("employee", {"Content-Type": f"{FORM}{'x' * 300}"}, 400, "validation_failed"),
    ],
)
async def test_it_refuses_before_the_body_comes(
    disk: Api, as_: Any, headers: dict[str, str], status: int, code: str
) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", disk.port)
    token = disk.cast[as_].token if as_ in disk.cast else as_
    lines = {"Host": "x", "Content-Length": str(MAX_FILE), "Content-Type": FORM} | headers
    lines |= {"x-access-token": token} if token else {}
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    writer.write(f"POST {UPLOAD} HTTP/1.1\r\n{head}\r\n".encode())
    # Not a byte of the body was sent, and there it is.
    said = await asyncio.wait_for(reader.readuntil(b"}"), 5)
    assert said.startswith(f"HTTP/1.1 {status} ".encode())
    assert f'"code":"{code}"'.encode() in said
    # Who sends it nevertheless is not cut off.
    writer.write(bytes(MAX_FILE))
    await asyncio.wait_for(writer.drain(), 10)
    writer.close()
    assert await nothing_is_left(disk)
    assert await disk.events() == []


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        (form(), {"file"}),
        (form(part(b"x", None)), {"file"}),
        (form(part(b"", b"")), {"file"}),
        (form(part(b"x", field="other")), {"other"}),
        (form(part(b"x", "a.txt"), part(b"y", "b.txt")), {"file"}),
        (form(part(b"x", "a.txt"), part(b"y", "b.txt", field="second")), {"second"}),
        (part(b"a file"), set()),
        (form(part(b"a file"))[:-20], set()),
        (b"", set()),
        (b"rubbish", set()),
        (form(part(b"a file")).replace(b"Content-Disposition:", b"Content-Disposition"), set()),
    ],
)
async def test_it_is_a_form_with_one_file(disk: Api, body: bytes, fields: set[str]) -> None:
    answer = await upload(disk, raw=body)
    assert (answer.status, answer.code) == (400, "validation_failed")
    assert answer.fields == fields
    assert await nothing_is_left(disk)
    assert await disk.events() == []


async def test_fields_beside_the_file_are_read_over(disk: Api) -> None:
    body = form(part(b"a word", None, "caption"), part(b"a file"), part(b"", None, "x"))
    assert (await upload(disk, raw=body)).status == 200
    assert list(files(disk, "temp").values()) == [b"a file"]


@pytest.mark.parametrize("cut", [0, 1, 200, 100_000, 299_000])
async def test_a_client_that_vanishes_leaves_nothing(disk: Api, cut: int) -> None:
    body = form(part(noise(300_000)))
    _, writer = await asyncio.open_connection("127.0.0.1", disk.port)
    head = (
        f"POST {UPLOAD} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n"
        f"Content-Type: {FORM}\r\nx-access-token: {disk.employee.token}\r\n\r\n"
    )
    writer.write(head.encode() + body[:cut])
    await writer.drain()
    for _ in range(100):
        if await rows(disk):
            break
        await asyncio.sleep(0.02)
    writer.transport.abort()
    assert await nothing_is_left(disk)
    assert await disk.events() == []
    assert (await upload(disk)).status == 200


async def test_a_full_disk_is_said_and_leaves_nothing(
    disk: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any) -> int:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("sunshine.files.part_file.os.write", full)
        answer = await upload(disk, noise(300_000))
    assert (answer.status, answer.code) == (507, StorageFull.code)
    assert await nothing_is_left(disk)
    assert await disk.events() == []
    assert (await upload(disk)).status == 200


async def test_what_fails_at_the_end_leaves_nothing(
    disk: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fails(*_: Any) -> None:
        raise StorageFull

    with monkeypatch.context() as patch:
        patch.setattr(uploads, "finish", fails)
        assert (await upload(disk)).status == 507
    assert await nothing_is_left(disk)
    assert await disk.events() == []


async def test_a_retry_gets_the_first_answer(disk: Api) -> None:
    key: dict[str, Any] = {"Idempotency-Key": "once"}
    first = await upload(disk, b"a file", "a.txt", **key)
    again = await upload(disk, b"a file", "a.txt", **key)
    assert (again.status, again.body) == (200, first.body)
    assert again.headers["Idempotency-Replayed"] == "true"
    for content, name in ((b"another", "a.txt"), (b"a file", "b.txt")):
        other = await upload(disk, content, name, **key)
        assert (other.status, other.code) == (400, "idempotency_key_reused")
    assert list(files(disk, "temp")) == [first.json["name"]]
    assert len(await rows(disk)) == 1
    assert await disk.events() == ["file_uploaded"]


async def _fill(api: Api, number: int, size: int, age: str = "0") -> None:
    await api.sql(
        "INSERT INTO upload (name, user_id, size, ready, sha256, created_at)"
        " SELECT gen_random_uuid(), %(user)s, %(size)s, true, '', now() - %(age)s::interval"
        " FROM generate_series(1, %(number)s)",
        user=api.employee.user_id, size=size, number=number, age=age,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("number", "size"), [(MAX_FILES - 3, 1), (MAX_BYTES // MAX_FILE - 3, MAX_FILE)]
)
async def test_as_many_as_may_wait_do_however_many_come_at_once(
    disk: Api, number: int, size: int
) -> None:
    await _fill(disk, number, size)
    body = form(part(bytes(size)))
    answers = await asyncio.gather(*(upload(disk, raw=body) for _ in range(8)))
    assert sorted(answer.status for answer in answers) == [200] * 3 + [409] * 5
    assert {answer.code for answer in answers if answer.status == 409} == {"upload_limit"}
    assert len(await rows(disk)) == number + 3
    assert (await upload(disk, as_="stranger")).status == 200


async def test_what_has_ended_does_not_count(disk: Api) -> None:
    await _fill(disk, MAX_FILES, MAX_FILE, "24 hours")
    assert (await upload(disk)).status == 200


async def test_others_are_served_meanwhile(disk: Api) -> None:
    """Twenty uploads come in while somebody asks for something else."""
    body = form(part(noise(MAX_FILE)))
    sending = [asyncio.create_task(upload(disk, raw=body)) for _ in range(20)]
    waits = []
    while not all(task.done() for task in sending):
        began = time.monotonic()
        assert (await disk.get("/")).status == 200
        waits.append(time.monotonic() - began)
    assert {task.result().status for task in sending} == {200}
    assert len(files(disk, "temp")) == 20
    assert len(waits) > 20


@pytest.mark.parametrize(
    ("given", "ending"),
    [
        ("../../etc/passwd", "passwd"), (r"..\..\boot.ini", "boot.ini"), ("/etc/passwd", "passwd"),
        (".htaccess", "htaccess"), ("..", "file"), ("a\0b.txt", "ab.txt"), ("a b.txt", "a_b.txt"),
        ("x" * 300 + ".txt", "x" * 96 + ".txt"), ("é" * 200, "é" * 49),
        ("evil\u202egpj.exe", "evilgpj.exe"), ("a\r\nb.txt", None),
        ("%2e%2e%2fx", "2e_2e_2fx"), ("Ünal.txt", "Ünal.txt"), (b"\xff\xfe.txt", "txt"),
        ("CON", "CON"), ("a.", "a"), ("日本語.txt", "日本語.txt"),
    ],
)  # fmt: skip
async def test_no_name_escapes(disk: Api, given: str | bytes, ending: str | None) -> None:
    answer = await upload(disk, b"text", given)
    if ending is None:
        assert answer.status == 400
        return
    name = answer.json["name"]
    assert re.fullmatch(rf"[0-9]{{13}}-[0-9]{{39}}-{re.escape(ending)}", name)
    assert len(name.encode()) < 200
    assert files(disk, "temp") == {name: b"text"}
    # In part, so that nothing is going on behind the answer.
    fetched = await disk.get(path_of(disk, answer.json["url"]), headers={"Range": "bytes=0-1"})
    assert (fetched.status, fetched.body) == (206, b"te")


async def test_no_two_are_called_alike(disk: Api, now: Now) -> None:
    now.set(2024, 1, 15)
    urls = {await uploaded(disk, PNG, "a.png") for _ in range(20)}
    assert len(urls) == 20


async def test_drivers_may_not(disk: Api) -> None:
    _, token = await signed_in(disk)
    answer = await upload(disk, as_=token)
    assert (answer.status, answer.code) == (403, "not_allowed")
    assert await nothing_is_left(disk)
