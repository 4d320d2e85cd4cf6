"""How the command line was called: what a hint names, so that it can be typed as it stands."""

import os
import shutil
from pathlib import Path


def name() -> str:
    """`sunshine` where that is on the PATH, else the path by which it was called.

    bin/sunshine says that one in SUNSHINE_COMMAND.
    """
    called = os.environ.get("SUNSHINE_COMMAND", "")
    found = shutil.which("sunshine")
    if not called:
        return "sunshine" if found or _is_installed() else "bin/sunshine"
    is_found = found is not None and Path(found).resolve() == Path(called).resolve()
    return "sunshine" if is_found else called


def _is_installed() -> bool:
    """From a wheel, that is: a checkout has migrations/ beside the package."""
    return (Path(__file__).parents[1] / "migrations").is_dir()
