"""Parts that more than one section of a page has."""

from __future__ import annotations

from typing import TYPE_CHECKING

from migrator.report.html.markup import Html, tag

if TYPE_CHECKING:
    from collections.abc import Iterable


def scrolled(content: Html, label: str) -> Html:
    """What may be wider than the page: it moves sideways, by the keyboard as well."""
    return tag(
        "div", content, class_="scroll", tabindex="0", role="region", aria_label=label
    )


def figures(facts: Iterable[tuple[str, str, str]]) -> Html:
    """The numbers at the head of a page, each as (title, value, note)."""
    pairs = [
        tag("div", tag("dt", title), tag("dd", tag("strong", value), " ", note))
        for title, value, note in facts
    ]
    return tag("dl", *pairs, class_="figures")
