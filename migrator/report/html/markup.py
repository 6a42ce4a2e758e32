"""HTML that is safe by construction: whatever is not made here is escaped.

`tag` escapes every child and attribute that is plain text. Control characters, bidi
marks and lone surrogates of the project's texts are spelled out, in a box, so that
what is seen is what is there.
"""

from __future__ import annotations

import html
import itertools
import re
from typing import TYPE_CHECKING

from migrator.shown import printable, without_secrets

if TYPE_CHECKING:
    from collections.abc import Iterable

VOID = frozenset({"br", "col", "input", "meta"})
TAB = "    "


class Html(str):
    """Text that is markup already. Made by this module only."""

    __slots__ = ()


NOTHING = Html("")
SPACE = Html(" ")
WORD_BREAK = Html("<wbr>")
Child = str | None  # an Html goes in as it is, a str is escaped, None is left out
Value = str | int | float | bool | None


def tag(name: str, /, *children: Child, **attributes: Value) -> Html:
    """An element. `class_` is class, `aria_label` is aria-label, True is a bare name.

    False and None leave the attribute out.
    """
    head = name + "".join(_attribute(*item) for item in attributes.items())
    if name in VOID and not children:
        return Html(f"<{head}>")
    return Html(f"<{head}>{join(children)}</{name}>")


def join(children: Iterable[Child], between: Html = NOTHING) -> Html:
    return Html(between.join(text(child) for child in children if child))


def text(value: str | None) -> Html:
    """Escaped, unless it is markup already."""
    if isinstance(value, Html):
        return value
    if not value:
        return NOTHING
    value = without_secrets(value)
    if value.isprintable():
        return Html(html.escape(value))
    return Html("".join(_run(value)))


def lines(value: str) -> Html:
    """As `text`, for one line of source: a tab is shown as spaces."""
    return text(value.replace("\t", TAB))


def name(value: str) -> Html:
    """A dotted name, which may go on in the next line after . and _."""
    return join(re.split(r"(?<=[._])(?=\w)", value), between=WORD_BREAK)


def place(value: object) -> Html:
    """`path:line`, which may go on in the next line after a slash."""
    return join(re.split(r"(?<=/)(?=.)", str(value)), between=WORD_BREAK)


def prose(value: str) -> Html:
    """A sentence in which `code` stands between backticks."""
    parts = value.split("`")
    if len(parts) % 2 == 0:  # one of them is open: nothing is known of the others
        return text(value)
    return join(
        tag("code", part) if number % 2 else part for number, part in enumerate(parts)
    )


def raw(markup: str) -> Html:
    """Marks files of our own as markup. Never for anything from a project."""
    return Html(markup)


def _run(value: str) -> Iterable[str]:
    for is_plain, group in itertools.groupby(value, str.isprintable):
        part = "".join(group)
        if is_plain:
            yield html.escape(part)
        else:
            yield f'<span class="control">{html.escape(printable(part))}</span>'


def _attribute(name: str, value: Value) -> str:
    if value is None or value is False:
        return ""
    name = name.rstrip("_").replace("_", "-")
    if value is True:
        return f" {name}"
    return f' {name}="{html.escape(printable(str(value)))}"'
