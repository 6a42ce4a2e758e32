"""Numbers with their nouns: the one place that knows plurals."""

from __future__ import annotations


def counted(number: int, noun: str) -> str:
    """`1 task`, `1,200 tasks`, `2 entries`; only the last word is put in the plural."""
    return f"{number:,} {noun if number == 1 else plural(noun)}"


def plural(noun: str) -> str:
    """The plural of a regular English noun."""
    if noun.endswith("y") and noun[-2:-1] not in "aeiou":
        return f"{noun[:-1]}ies"
    return f"{noun}es" if noun.endswith(("s", "ch", "sh", "x")) else f"{noun}s"
