"""One browser for the tier, one page for each test; silence is checked at its end."""

from __future__ import annotations

import os
from datetime import UTC, datetime

import pytest

from tests.browser.chromium import Page, browser_program, chromium
from tests.servers import ServerMissingError

NOW = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)


@pytest.fixture(scope="session")
def browser():
    try:
        browser_program()
    except ServerMissingError as error:
        if os.environ.get("CI") == "true":
            pytest.fail(str(error))
        pytest.skip(str(error))
    with chromium() as pipe:
        yield pipe


@pytest.fixture
def page(browser):
    """Whatever a test does: nothing is logged, and nothing is asked of any address."""
    page = Page(browser)
    yield page
    assert page.complaints() == []
    assert page.requests() == []
    page.close()


@pytest.fixture
def shown(page, tmp_path):
    """Opens a document in the page."""

    def show(text):
        file = tmp_path / "report.html"
        file.write_text(text, encoding="utf-8")
        page.open(file)
        return page

    return show
