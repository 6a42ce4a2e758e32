"""The frame of a report: one file, its style and script inside, nothing from outside.

The content security policy admits exactly our style and script, by their hashes: even
markup that slipped through could neither run nor load anything.
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from importlib import resources

from migrator._version import __version__
from migrator.report.html.markup import Html, join, prose, raw, tag


@dataclass(frozen=True, slots=True)
class Section:
    id: str
    title: str
    content: Html
    count: int | None = None
    lead: str = ""


def page(title: str, subtitle: str, sections: list[Section]) -> str:
    """The whole document."""
    body = tag(
        "body",
        tag("a", "Skip to the content", class_="skip", href="#content"),
        _header(title, subtitle, sections),
        tag("main", *map(_section, sections), id="content", tabindex="-1"),
        tag(
            "footer",
            tag("p", f"Made by migrate {__version__}. This file loads nothing."),
        ),
    )
    return "<!doctype html>\n" + tag("html", _head(title), body, lang="en") + "\n"


def _head(title: str) -> Html:
    style, script = _own("report.css"), _own("report.js")
    policy = (
        f"default-src 'none'; style-src {_hash(style)}; script-src {_hash(script)}; "
        "base-uri 'none'; form-action 'none'"
    )
    return tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=policy),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("meta", name="referrer", content="no-referrer"),
        tag("title", title),
        tag("style", raw(style)),
        # Before the body: it says at once that rows may be folded.
        tag("script", raw(script)),
    )


def _header(title: str, subtitle: str, sections: list[Section]) -> Html:
    links = [_link(section) for section in sections]
    return tag(
        "header",
        tag("div", tag("h1", title), tag("p", prose(subtitle)), class_="name"),
        tag("nav", tag("ul", *links), aria_label="Sections"),
    )


def _link(section: Section) -> Html:
    count = None
    if section.count is not None:
        count = join([" ", tag("span", f"{section.count:,}", class_="count")])
    return tag("li", tag("a", section.title, count, href=f"#{section.id}"))


def _section(section: Section) -> Html:
    return tag(
        "section",
        tag("h2", section.title, id=f"{section.id}-title"),
        tag("p", section.lead, class_="lead") if section.lead else None,
        section.content,
        id=section.id,
        aria_labelledby=f"{section.id}-title",
    )


def _own(name: str) -> str:
    return resources.files(__package__).joinpath(name).read_text(encoding="utf-8")


def _hash(content: str) -> str:
    digest = hashlib.sha256(content.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"
