"""What `sunshine doctor` looks at: everything a server relies on, each with what mends it.

machine.py   Python, the settings, files, ports
postgres.py  the databases, and the programs for them
upkeep.py    jobs, backups and what else is optional

A check is a function that gives findings and changes nothing.
"""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Literal, NamedTuple

from sunshine.core.settings import Settings

State = Literal["OK", "WARN", "FAIL"]


class Finding(NamedTuple):
    """One thing looked at; `mend` is the command, or the sentence, that puts it right."""

    check: str
    state: State
    found: str
    mend: str = ""


Check = Callable[[Settings], Iterable[Finding]]


def look(settings: Settings, checks: Iterable[Check]) -> list[Finding]:
    """What the checks find, in their order; run side by side, for some wait for what is away."""
    listed = list(checks)

    def run(check: Check) -> list[Finding]:
        try:
            return list(check(settings))
        except Exception as error:  # a doctor that falls ill helps nobody
            line = (str(error).strip() or type(error).__name__).splitlines()[0]
            return [Finding(check.__name__, "FAIL", line)]

    with ThreadPoolExecutor(max(1, len(listed))) as pool:
        return [finding for findings in pool.map(run, listed) for finding in findings]
