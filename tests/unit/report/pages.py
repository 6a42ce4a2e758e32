"""Reads a page of ours as a browser would, and keeps what tests ask about."""

from __future__ import annotations

from html.parser import HTMLParser

INLINE = {"span", "a", "code", "strong", "button", "del", "ins"}
VOID = {"br", "col", "input", "meta", "wbr"}


class Page(HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.elements = []  # (tag, attributes)
        self.texts = []
        self.open = []
        self.wrongly_closed = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if number := dict(attrs).get("data-n"):  # shown by the style sheet
            self.texts.append(f" {number}| ")
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.wrongly_closed.append(tag)
        if tag not in INLINE:
            self.texts.append(" ")

    def handle_data(self, data):
        if not {"style", "script"} & set(self.open):
            self.texts.append(data)

    @property
    def text(self):
        return " ".join("".join(self.texts).split())

    def attributes(self, name):
        return [found[name] for _, found in self.elements if name in found]

    def named(self, tag):
        return [found for own, found in self.elements if own == tag]
