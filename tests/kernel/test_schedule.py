"""tests/schedule.py: the shards of the suite are the suite."""

from types import SimpleNamespace
from typing import cast

import pytest

from tests import schedule


def items(counts: dict[str, int], heavy: set[str]) -> list[pytest.Item]:
    """So many tests of each module; those of the heavy ones start processes."""

    def closest(name: str) -> object:
        return lambda marker: object() if name in heavy else None

    return [
        cast(
            "pytest.Item",
            SimpleNamespace(
                nodeid=f"{name}::test_{number}", get_closest_marker=closest(name), obj=None
            ),
        )
        for name, count in counts.items()
        for number in range(count)
    ]


def test_every_module_is_in_one_shard_and_none_has_too_much() -> None:
    counts = {f"tests/test_{number}.py": number % 7 + 1 for number in range(40)}
    heavy = {"tests/test_6.py", "tests/test_13.py"}
    listed = items(counts, heavy)
    shards = schedule.parts(listed, 4)
    assert sorted(name for shard in shards for name in shard) == sorted(counts)
    assert schedule.parts(listed[::-1], 4) == shards, "whatever order the tests are in"
    loads = [
        sum(schedule.weight(item) for item in listed if schedule.module(item) in shard)
        for shard in shards
    ]
    assert max(loads) - min(loads) <= 7 * schedule.MACHINE
    assert not any(heavy <= shard for shard in shards)
    assert schedule.parts(listed, 1) == [set(counts)]


def test_a_shard_is_a_number_of_a_number() -> None:
    assert schedule._shard("2/4") == (2, 4)
    for text in ("5/4", "0/4", "1/0", "2", "a/b", "1/4/2", "-1/4"):
        with pytest.raises(ValueError, match="no shard"):
            schedule._shard(text)
