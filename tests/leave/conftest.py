"""Fixtures of the leave tests.

policy      changes the company's settings for a test: `policy(carry_forward_days=5)`
january     it is noon of Monday, 13 January 2025
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from tests.api import Api
from tests.conftest import Now


@pytest.fixture
def policy(api: Api) -> Iterator[Callable[..., None]]:
    database = api.app.databases.sunshine
    before = database.policy

    def change(**settings: Any) -> None:
        database.policy = replace(database.policy, **settings)

    yield change
    database.policy = before


@pytest.fixture
def january(api: Api, now: Now) -> Now:
    now.set(2025, 1, 13, 12)
    return now
