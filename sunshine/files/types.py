"""The type of a file by its bytes, and safe names; used for uploads and downloads."""

import unicodedata

import puremagic

# What a browser may show; anything else, SVG included, could run scripts in the API's name.
SHOWN = {
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "png": "image/png",
    "webp": "image/webp",
    "gif": "image/gif",
    "pdf": "application/pdf",
}
HEAD = 8192  # bytes from which the type is known
MAX_NAME = 100  # bytes
MAX_ENDING = 16
_ENDINGS = {media: ending for ending, media in reversed(SHOWN.items())}


def ending_of(head: bytes) -> str | None:
    """Return the ending of a type that browsers may show, by the first HEAD bytes; else None."""
    try:
        found = puremagic.magic_string(head)
    except (puremagic.PureError, ValueError):
        return None
    return _ENDINGS.get(found[0].mime_type) if found else None


def media_of(name: str) -> str | None:
    """Return the media type of a stored file that browsers may show, by its name; else None."""
    return SHOWN.get(name.rpartition(".")[2].lower())


def safe_name(given: str, head: bytes) -> str:
    """Return the name under which a file is stored: letters, digits, `_`, `-` and `.` of `given`.

    At most MAX_NAME bytes. It has the ending of a type that browsers show only if the bytes are of
    that type.
    """
    name = unicodedata.normalize("NFC", given).replace("\\", "/").rpartition("/")[2]
    # Characters without width are removed: marks of direction show a name's end at its front.
    kept = (c for c in name if unicodedata.category(c) not in ("Cc", "Cf"))
    name = "".join(c if c.isalnum() or c in "._-" else "_" for c in kept).lstrip("._-")
    stem, dot, ending = name.rpartition(".")
    if not dot or not stem or len(ending.encode()) > MAX_ENDING:
        stem, ending = name, ""
    stem, ending = _true_ending(stem.rstrip(".") or "file", ending, ending_of(head))
    room = MAX_NAME - len(ending.encode()) - 1
    stem = stem.encode()[:room].decode(errors="ignore")
    return f"{stem}.{ending}" if ending else stem


def _true_ending(stem: str, ending: str, true: str | None) -> tuple[str, str]:
    claimed = SHOWN.get(ending.lower())
    if true is None:
        return (f"{stem}.{ending}", "bin") if claimed else (stem, ending)
    if claimed == SHOWN[true]:
        return stem, ending.lower()
    return (f"{stem}.{ending}" if ending and not claimed else stem), true
