"""The name by which the command line was started; hints use it so that they can be pasted as is."""

import os
import shutil
from pathlib import Path


def name() -> str:
    """Return `sunshine` if that is on the PATH, otherwise the path the command was started by.

    bin/sunshine passes that path in SUNSHINE_COMMAND.
    """
    called = os.environ.get("SUNSHINE_COMMAND", "")
    found = shutil.which("sunshine")
    if not called:
        return "sunshine" if found or _is_installed() else "bin/sunshine"
    is_found = found is not None and Path(found).resolve() == Path(called).resolve()
    return "sunshine" if is_found else called


def _is_installed() -> bool:
    """Return whether the program runs from a wheel: a checkout has migrations/ next to the
    package."""
    return (Path(__file__).parents[1] / "migrations").is_dir()
