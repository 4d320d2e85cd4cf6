"""The documentation leads where it says: every link of it, and one link from rule to test."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = sorted(
    [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "benchmarks").glob("*.md")]
)
LINK = re.compile(r"\]\((?!https?://|mailto:|#)([^)#\s]+)")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_link_of_a_page_leads_somewhere(page: Path) -> None:
    links = LINK.findall(page.read_text(encoding="utf-8"))
    assert [link for link in links if not (page.parent / link).exists()] == []


def test_a_reader_finds_every_part_of_leave_approval_through_one_link() -> None:
    assert "(docs/leave.md)" in (ROOT / "README.md").read_text(encoding="utf-8")
    guide = (ROOT / "docs" / "leave.md").read_text(encoding="utf-8")
    for part, sign in {
        "../sunshine/modules/leave/decisions.py": "async def decide(",  # the rule
        "../models/leave.py": "leave = Table(",  # the table
        "../sunshine/modules/leave/schemas.py": "DECIDE: Schema",  # the schema
        "authorization.md": "/api/leave/approval/:leaveId",  # the permission
    }.items():
        assert f"({part})" in guide
        assert sign in (ROOT / "docs" / part).read_text(encoding="utf-8")
    assert "(../tests/leave)" in guide
    tests = (ROOT / "tests" / "leave").glob("test_*.py")
    assert any("/api/leave/approval/" in test.read_text(encoding="utf-8") for test in tests)
