"""The page of machine-readable outputs names every one of them."""

from __future__ import annotations

import re
from pathlib import Path

from migrator.report.schemas import FILES, KINDS

ROOT = Path(__file__).parents[3]
PAGE = ROOT / "docs" / "reference" / "formats.md"


def test_every_schema_is_on_the_page_and_every_link_leads_somewhere():
    text = PAGE.read_text(encoding="utf-8")
    links = re.findall(r"\]\((\.\./[^)]+)\)", text)
    assert all((PAGE.parent / link).exists() for link in links)
    named = {Path(link).stem for link in links if link.endswith(".json")}
    assert named == {*KINDS, *FILES}
