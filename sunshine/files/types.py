"""What a file is, by its bytes, and what it may be called. Asked where files come in and go out."""

import unicodedata

import puremagic

# What a browser may show in its window; anything else, SVG too, could run scripts in our name.
SHOWN = {
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "png": "image/png",
    "webp": "image/webp",
    "gif": "image/gif",
    "pdf": "application/pdf",
}
HEAD = 8192  # bytes of a file that tell what it is
MAX_NAME = 100  # bytes
MAX_ENDING = 16
_ENDINGS = {media: ending for ending, media in reversed(SHOWN.items())}


def ending_of(head: bytes) -> str | None:
    """The ending of what a browser may show, by the first HEAD bytes of a file; else None."""
    try:
        found = puremagic.magic_string(head)
    except (puremagic.PureError, ValueError):
        return None
    return _ENDINGS.get(found[0].mime_type) if found else None


def media_of(name: str) -> str | None:
    """The media type of a stored file that a browser may show, by its name; else None."""
    return SHOWN.get(name.rpartition(".")[2].lower())


def safe_name(given: str, head: bytes) -> str:
    """What a file is stored as that its sender called so: letters, digits, `_`, `-` and `.`.

    At most MAX_NAME bytes. It ends as what a browser shows only where the bytes are that.
    """
    name = unicodedata.normalize("NFC", given).replace("\\", "/").rpartition("/")[2]
    # Not even a blank is left of what has no width: such marks turn a name's end to its front.
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
