"""Pictures in a JSON body: sunshine/files/images.py."""

import asyncio
import base64
import time
from typing import Any

import pytest

from sunshine.core.errors import Invalid
from sunshine.core.fields import MAX_PICTURE, picture
from sunshine.core.validation import Payload
from sunshine.files import images

JPEG = b"\xff\xd8\xff\xe0 a photo"
PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR and so on"
WEBP = b"RIFF\x10\x00\x00\x00WEBPVP8X and so on"
GIF = b"GIF89a and so on"


def coded(content: bytes, before: str = "") -> str:
    return before + base64.b64encode(content).decode()


@pytest.mark.parametrize(
    ("content", "suffix"),
    [(JPEG, "jpg"), (JPEG + b"x", "jpg"), (JPEG + b"xx", "jpg"), (PNG, "png"), (WEBP, "webp")],
)
@pytest.mark.parametrize(
    "before", ["", "data:image/jpeg;base64,", "data:image/png;base64,", "DATA:IMAGE/x-y;BASE64,"]
)
async def test_it_knows_a_picture_by_its_bytes(content: bytes, suffix: str, before: str) -> None:
    found = await images.check(coded(content, before))
    assert found == images.Picture(content, suffix)


@pytest.mark.parametrize("text", [None, "base64_photo_string"])
async def test_it_takes_none_and_the_documented_word_for_no_picture(text: str | None) -> None:
    assert await images.check(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "", " ", "base64_photo_strin", "a photo", "data:image/jpeg;base64,", "====",
        coded(GIF), coded(b"<svg xmlns='http://www.w3.org/2000/svg'/>"), coded(b"%PDF-1.7"),
        coded(JPEG[:2]), coded(b" " + JPEG), coded(PNG[:12]), coded(WEBP[:12]),
        coded(b"RIFF\x10\x00\x00\x00WAVEfmt "),
        coded(JPEG, "data:text/html;base64,"), coded(JPEG, "data:image/jpeg,"),
        coded(JPEG, "data:image/jpeg;base64, "), coded(JPEG, "x"),
        f" {coded(JPEG)}", f"{coded(JPEG)}\n", coded(JPEG)[:-1], coded(JPEG) + "=",
        coded(JPEG).replace("/", "_"), coded(JPEG) + "é", coded(JPEG) + "\u0660" * 4,
        coded(JPEG[:4]) + coded(JPEG), coded(JPEG)[:-1] + "==", coded(JPEG) + "====",
    ],
)  # fmt: skip
async def test_it_refuses_all_else_and_names_the_field(text: str) -> None:
    with pytest.raises(Invalid) as refused:
        await images.check(text, "selfie")
    assert [error["field"] for error in refused.value.errors] == ["selfie"]


async def test_it_takes_5_mib_and_not_a_byte_more() -> None:
    largest = JPEG + bytes(MAX_PICTURE - len(JPEG))
    schema = Payload({"photo": picture()})
    for content in (largest, largest[:-1], largest[:-2]):
        text = coded(content, "data:image/jpeg;base64,")
        assert schema.check({"photo": text}) == {"photo": text}
        found = await images.check(text)
        assert found
        assert found.content == content
    for more in (b"x", b"xx", b"xxx", bytes(MAX_PICTURE)):
        with pytest.raises(Invalid, match="Validation"):
            await images.check(coded(largest + more))


async def test_no_padding_hides_within() -> None:
    # Right where one piece ends and the next begins.
    inner = coded(JPEG + bytes((images._PIECE - 4) // 4 * 3 - len(JPEG) + 1))
    assert len(inner) == images._PIECE
    assert await images.check(inner)
    with pytest.raises(Invalid):
        await images.check(inner + "AAAA")


async def test_others_are_served_meanwhile() -> None:
    text = coded(JPEG + bytes(MAX_PICTURE - len(JPEG)))
    pauses: list[float] = []

    async def other() -> Any:
        while True:
            begun = time.perf_counter()
            await asyncio.sleep(0)
            pauses.append(time.perf_counter() - begun)

    task = asyncio.create_task(other())
    await images.check(text)
    task.cancel()
    assert len(pauses) > 5, "nobody came in between"
