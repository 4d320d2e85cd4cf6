"""Where an installed `sunshine` starts.

A wheel puts cli.py, server.py, handlers/ and models/ beside `sunshine`, under names that other
distributions use too: pip lets them overwrite each other. Nothing is run that is not ours
(docs/decisions/0039-rooms.md).
"""

import base64
import hashlib
import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, distribution
from importlib.util import find_spec
from pathlib import Path

OURS = {
    "cli": "cli.py",
    "server": "server.py",
    "handlers": "handlers/__init__.py",
    "models": "models/__init__.py",
}
UNUSABLE = 78  # as an unusable configuration


def main() -> None:
    """Run the command line; exit with 78 where another distribution has taken a place of ours."""
    for line in clashes():
        print(f"Error: {line}", file=sys.stderr)
        raise SystemExit(UNUSABLE)
    import cli

    cli.main()


def clashes() -> Iterator[str]:
    """Yield a line for each module of ours that is found elsewhere, or is not the one installed."""
    root, recorded = Path(__file__).parents[1], _recorded()
    for name, path in OURS.items():
        spec = find_spec(name)
        origin = Path(spec.origin) if spec and spec.origin else None
        is_elsewhere = origin != root / path
        if is_elsewhere or (path in recorded and recorded[path] != _digest(root / path)):
            yield (
                f"`{name}` is another distribution's ({origin}): install Sunshine into a virtual"
                " environment of its own"
            )


def _recorded() -> dict[str, str]:
    """The digests of our files as they were installed; none in a checkout."""
    try:
        files = distribution("sunshine").files or ()
    except PackageNotFoundError:
        return {}
    return {str(file): file.hash.value for file in files if file.hash}


def _digest(file: Path) -> str:
    digest = hashlib.sha256(file.read_bytes()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
