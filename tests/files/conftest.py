"""Fixtures of the files' tests.

disk    the server, whose files on disk are those of this test
"""

import pytest

from tests.api import Api
from tests.files.forms import empty


@pytest.fixture
def disk(api: Api) -> Api:
    for area in ("static", "temp"):
        (api.app.settings.directory / area).mkdir(parents=True, exist_ok=True)
    empty(api.app.settings.directory)
    return api
