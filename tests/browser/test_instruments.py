"""The instruments of this tier see what they are there to see."""

from __future__ import annotations

from tests.browser.chromium import Page
from tests.browser.test_looks import CONTRAST

BAD = """<!doctype html>
<p style="color: #aaa; background: #fff">pale</p>
<img src="missing.png">
<script>console.error("said");
setTimeout(() => { throw new Error("thrown"); });</script>
"""
POLICY = """<!doctype html>
<meta http-equiv="Content-Security-Policy" content="default-src 'none'">
<p onclick="x()">a</p><script>window.ran = true;</script>
"""


def opened(browser, tmp_path, text):
    page = Page(browser)
    file = tmp_path / "bad.html"
    file.write_text(text)
    page.open(file)
    return page


def test_errors_requests_and_pale_text_are_seen(browser, tmp_path):
    page = opened(browser, tmp_path, BAD)
    seen = str(page.complaints())
    assert "said" in seen
    assert "thrown" in seen
    assert [url.rpartition("/")[2] for url in page.requests()] == ["missing.png"]
    assert [found[2] for found in page.run(CONTRAST)] == ["pale"]
    page.close()


def test_a_violated_policy_is_seen_and_enforced(browser, tmp_path):
    page = opened(browser, tmp_path, POLICY)
    assert "Content Security Policy" in str(page.complaints())
    assert page.run("window.ran === undefined")
    page.close()
