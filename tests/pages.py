"""Pages of the documentation, and what of them is for a shell."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
BLOCK = re.compile(r"^```sh([a-z ]*)\n(.*?)^```$", re.M | re.S)


def text(page: str) -> str:
    """All of it."""
    return (ROOT / page).read_text(encoding="utf-8")


def blocks(page: str) -> list[tuple[str, str]]:
    """Its shell blocks in their order: who or what each needs besides a shell, and its lines."""
    return [(kind.strip(), lines) for kind, lines in BLOCK.findall(text(page))]
