"""Images in a JSON body, as base64. Stored by sunshine/files/storage.py."""

import asyncio
import binascii
import re
from dataclasses import dataclass

from sunshine.core.errors import Invalid
from sunshine.core.fields import MAX_PICTURE

# The original documentation shows this text where a photo goes, and a documented example must work
# when it is pasted: it stands for no photo.
PLACEHOLDER = "base64_photo_string"
# What a canvas or a file reader in a browser puts before the base64.
_DATA_URL = re.compile(r"data:image/[a-z+.-]+;base64,", re.IGNORECASE)
_KINDS = {
    "jpg": re.compile(rb"\xff\xd8\xff"),
    "png": re.compile(rb"\x89PNG\r\n\x1a\n.{4}IHDR", re.DOTALL),
    "webp": re.compile(rb"RIFF.{4}WEBPVP8[ LX]", re.DOTALL),
}
# Decoding 5 MiB takes 15 ms and blocks the interpreter, even in a thread: in pieces of 2 ms, other
# requests run in between. A multiple of 4, because base64 has groups of 4.
_PIECE = 1 << 20


@dataclass(frozen=True, slots=True)
class Picture:
    """The bytes of an image, and the ending of its name by the bytes: jpg, png or webp."""

    content: bytes
    suffix: str


async def check(text: str | None, field: str = "photo") -> Picture | None:
    """Return the picture in a body's field, None where there is none.

    Strict base64, with or without `data:image/...;base64,` before it, of a JPEG, PNG or WebP of
    at most 5 MiB; Invalid for anything else.
    """
    if text is None or text == PLACEHOLDER:
        return None
    prefix = _DATA_URL.match(text)
    content = await _decode(text[prefix.end() :] if prefix else text, field)
    for suffix, kind in _KINDS.items():
        if kind.match(content):
            return Picture(content, suffix)
    raise Invalid.field(field, "must be a JPEG, PNG or WebP picture")


async def _decode(text: str, field: str) -> bytes:
    padding = text[-2:].count("=")
    if len(text) // 4 * 3 - padding > MAX_PICTURE:
        raise Invalid.field(field, f"must be at most {MAX_PICTURE // 2**20} MiB")
    pieces = []
    try:
        # A piece would take padding within the text for its end; strict mode accepts one more sign.
        if "=" in text[:-2] or len(text) % 4:
            raise ValueError
        for begin in range(0, len(text), _PIECE):
            piece = text[begin : begin + _PIECE].encode("ascii")
            pieces.append(binascii.a2b_base64(piece, strict_mode=True))
            await asyncio.sleep(0)
    except ValueError:  # also UnicodeEncodeError and binascii.Error
        raise Invalid.field(field, "must be base64") from None
    return b"".join(pieces)
