"""The checks of `sunshine doctor`: everything a server relies on, each with a fix.

machine.py   Python, the settings, files, ports
postgres.py  the databases, and the programs for them
upkeep.py    jobs, backups and optional services

A check is a function that yields findings and changes nothing.
"""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Literal, NamedTuple

from sunshine.core.settings import Settings

State = Literal["OK", "WARN", "FAIL"]


class Finding(NamedTuple):
    """The result of one check; `mend` is the command or sentence that fixes it."""

    check: str
    state: State
    found: str
    mend: str = ""


Check = Callable[[Settings], Iterable[Finding]]


def look(settings: Settings, checks: Iterable[Check]) -> list[Finding]:
    """Return the checks' findings in order; they run in parallel, as some wait for what is down."""
    listed = list(checks)

    def run(check: Check) -> list[Finding]:
        try:
            return list(check(settings))
        except Exception as error:  # a check that crashes is a finding
            line = (str(error).strip() or type(error).__name__).splitlines()[0]
            return [Finding(check.__name__, "FAIL", line)]

    with ThreadPoolExecutor(max(1, len(listed))) as pool:
        return [finding for findings in pool.map(run, listed) for finding in findings]
