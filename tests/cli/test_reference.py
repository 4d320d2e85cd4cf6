"""The generated reference is what the commands and variables are now."""

import pytest

import cli
from sunshine.core.variables import VARIABLES
from tests.reference import DOCS, pages

PAGES = pages()


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_as_it_would_be_made_now(name: str) -> None:
    written = (DOCS / name).read_text(encoding="utf-8")
    assert written == PAGES[name], "run .venv/bin/python -m tests.reference"


def test_it_has_every_group_and_every_variable() -> None:
    for name in (*cli.GROUPS, "serve", "routes", "openapi"):
        assert f"\n## sunshine {name}\n" in PAGES["cli.md"]
    assert "## sunshine test" not in PAGES["cli.md"]
    for name in VARIABLES:
        assert f"| `{name}` |" in PAGES["configuration.md"]


def test_it_shows_no_secret() -> None:
    assert "JWT_SECRET` |  |" in PAGES["configuration.md"]
