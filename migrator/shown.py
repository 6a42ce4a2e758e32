"""Makes text of the project fit to be shown: on a terminal, in reports, in the plan.

Names and comments may hold control characters that take over a terminal. And what is
quoted of the source, a broker's URL, the arguments of a call, is passed on, committed,
and kept by CI: passwords and keys are taken out. The patch alone stays as it is,
because it has to be what is written.
"""

from __future__ import annotations

import re
from typing import Any

HIDDEN = "***"
WORDS = (
    *("password", "passwd", "passphrase", "secret", "token", "credential"),
    *("api_key", "apikey", "private_key", "privatekey", "access_key", "accesskey"),
)
NAME = f"(?:{'|'.join(WORDS)})"
# scheme://user:password@host. What is filled in at run time is no password.
IN_URL = re.compile(
    r"([a-z][a-z0-9+.-]*://[^\s/:@'\"]*:)(?![{%$<])[^\s/@'\"]+(?=@)", re.IGNORECASE
)
# password="...", "api_key": '...', token: str = "..."
GIVEN = re.compile(
    rf"({NAME}\w*['\"]?\]?\s*(?::\s*[\w.\[\]| ]+=|[=:])\s*[rbuf]{{0,2}})"
    r"(?P<quote>['\"])(?:\\.|(?!(?P=quote)).)+(?P=quote)",
    re.IGNORECASE,
)


def printable(text: str) -> str:
    """The text without secrets; control characters and lone surrogates spelled out."""
    return spelled_out(without_secrets(text))


def spelled_out(text: str) -> str:
    """The text with control characters and lone surrogates as escapes."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)


def without_secrets(text: str) -> str:
    """The text with `***` for passwords of URLs and literals under telling names."""
    if "://" in text:
        text = IN_URL.sub(rf"\1{HIDDEN}", text)
    if is_telling(text):
        text = GIVEN.sub(rf"\1\g<quote>{HIDDEN}\g<quote>", text)
    return text


def is_telling(text: str) -> bool:
    """Whether there is a word for secrets in it."""
    lower = text.lower()
    return any(word in lower for word in WORDS)


def shareable(value: Any, name: str = "") -> Any:
    """JSON values without secrets; `name` is what a value is given under."""
    if isinstance(value, str):
        return HIDDEN if value and is_telling(name) else without_secrets(value)
    if isinstance(value, list | tuple):
        return [shareable(item, name) for item in value]
    if not isinstance(value, dict):
        return value
    # A record of an argument or a setting: its name stands beside its value.
    given = str(value["name"]) if {"name", "is_literal"} <= value.keys() else ""
    return {
        key: shareable(item, given if key in {"value", "source"} else str(key))
        for key, item in value.items()
    }
