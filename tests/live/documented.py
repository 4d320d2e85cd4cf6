"""The clients of docs/sockets.md, as they stand there."""

import re
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "sockets.md"


def client(language: str) -> str:
    """The program in that language: `js` or `python`."""
    found = re.search(rf"^```{language}\n(.*?)^```$", PAGE.read_text("utf-8"), re.MULTILINE | re.S)
    assert found, language
    return found[1]
