"""The entry point of an installed `sunshine`.

A wheel installs cli.py, server.py, handlers/ and models/ next to `sunshine`, under names that other
distributions use, too: pip lets them overwrite each other. Nothing that is not ours is run
(docs/decisions/0039-rooms.md).
"""

import base64
import hashlib
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

OURS = {
    "cli": "cli.py",
    "server": "server.py",
    "handlers": "handlers/__init__.py",
    "models": "models/__init__.py",
}
UNUSABLE = 78  # as for an unusable configuration


def main() -> None:
    """Run the command line; exit with 78 if another distribution has overwritten or shadows our
    modules."""
    if clash := next(clashes(), None):
        print(f"Error: {clash}", file=sys.stderr)
        raise SystemExit(UNUSABLE)
    import cli

    cli.main()


def clashes() -> Iterator[str]:
    """Yield a line for each module of ours that is found elsewhere, or is not the one installed."""
    root = Path(__file__).parents[1]
    recorded = _recorded(root)
    for name, path in OURS.items():
        spec = find_spec(name)
        origin = Path(spec.origin) if spec and spec.origin else None
        is_elsewhere = origin != root / path
        if is_elsewhere or (path in recorded and recorded[path] != _digest(root / path)):
            yield (
                f"`{name}` is another distribution's ({origin}): install Sunshine into a virtual"
                " environment of its own"
            )


def _recorded(root: Path) -> dict[str, str]:
    """Return the digests of our files as a wheel's RECORD has them; none in a checkout.

    It is read as it stands: importlib.metadata alone takes ten times as long.
    """
    found = {}
    for record in root.glob("sunshine-*.dist-info/RECORD"):
        for line in record.read_text(encoding="utf-8").splitlines():
            path, digest, _ = line.rsplit(",", 2)
            found[path] = digest.removeprefix("sha256=")
    return found


def _digest(file: Path) -> str:
    digest = hashlib.sha256(file.read_bytes()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
