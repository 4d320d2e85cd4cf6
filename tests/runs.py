"""How many examples Hypothesis draws where each of them goes through a database."""

import os


def examples(quick: int) -> int:
    """So many, or as many as LEAVE_MODEL_RUNS asks for: .ci/run wants 200 of everything."""
    return int(os.environ.get("LEAVE_MODEL_RUNS", quick))
