"""Many cases in one test, each with its name in the message where it fails.

A test over the whole route table that pytest would run as two hundred tests, each on databases that
were emptied for it, runs once:

    with every() as case:
        for route, method in endpoints():
            with case(f"{method} {route.path}"):
                assert ...
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

SHOWN = 30


@contextmanager
def every() -> Iterator[Callable[[object], AbstractContextManager[None]]]:
    """Fail at the end with the names of all cases that failed, and why."""
    failed: list[str] = []
    begun = 0

    @contextmanager
    def case(name: object) -> Iterator[None]:
        nonlocal begun
        begun += 1
        try:
            yield
        except Exception as error:
            failed.append(f"{name}: {type(error).__name__}: {error}")

    yield case
    assert begun, "there was no case"
    more = f"\n... and {len(failed) - SHOWN} more" if len(failed) > SHOWN else ""
    assert not failed, f"{len(failed)} of {begun} cases:\n" + "\n".join(failed[:SHOWN]) + more
