"""The reference page of the rules, written from the rules themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from migrator.classify.registry import Kind, load
from migrator.classify.weights import HEAVY_AT_LEAST, LIGHT_AT_MOST, OBJECTION_AT_LEAST

if TYPE_CHECKING:
    from collections.abc import Iterable

    from migrator.classify.registry import Rule

TITLES = {
    Kind.VETO: "Vetoes",
    Kind.UNKNOWN: "What could not be read",
    Kind.SIGNAL: "Signals",
}
INTRODUCTIONS = {
    Kind.VETO: (
        "A veto keeps the task on Celery, whatever its score. Some of these rules leave"
        " a task to a person instead, where they see that something is there and not"
        " what it means."
    ),
    Kind.UNKNOWN: "Each of these keeps a task from being called light.",
    Kind.SIGNAL: (
        "Each counts once for a task, however often it is seen. The weights can be"
        " changed in `[tool.migrate.weights]`."
    ),
}
HEAD = f"""\
# Rules

This page is generated from the rules; `migrate explain RULE` prints one of them.

A task is **heavy** where a veto hits or its weights add up to {HEAVY_AT_LEAST} or more.
It is **light** where they add up to {LIGHT_AT_MOST} or less, nothing was left unread,
and no single weight is {OBJECTION_AT_LEAST} or more. Everything else is for **review**.
Every verdict names its strongest reasons with file and line.

Measured run times (`migrate evidence`) count from 30 runs and one full period of the
schedule on. They may lower light to heavy and lift review to light, where what is
unknown concerns the cost only (marked *measurable* below). They never lift a veto. The
rules `measured-*` say nothing without them, and `relaxed-period` and `tight-period` say
more with them.

`# migrate: light|heavy|ignore <reason>` on the decorator's line, or
`[tool.migrate.tasks]`, decides against all rules; the reasons stay in the report.
"""


def page() -> str:
    """The whole page as Markdown, ending in a newline."""
    rules = [registered.rule for registered in load()]
    parts = [HEAD]
    for kind, title in TITLES.items():
        chosen = [rule for rule in rules if rule.kind is kind]
        parts.append(f"## {title}\n\n{INTRODUCTIONS[kind]}\n\n{_table(chosen)}")
        parts += [_section(rule) for rule in chosen]
    return "\n".join(parts)


def _table(rules: Iterable[Rule]) -> str:
    lines = ["| rule | weight | says |", "|---|---:|---|"]
    for rule in rules:
        weight = f"{rule.weight:+d}" if rule.kind is Kind.SIGNAL else ""
        lines.append(f"| [{rule.id}](#{rule.id}) | {weight} | {rule.summary} |")
    return "\n".join(lines) + "\n"


def _section(rule: Rule) -> str:
    parts = [f"### {rule.id}", rule.summary, rule.explanation]
    if rule.is_measurable:
        parts.append("*Measurable: run times can settle it.*")
    parts.append(f"```python\n{rule.example}\n```")
    if rule.guidance:
        parts.append(f"What to do: {rule.guidance}")
    return "\n\n".join(parts) + "\n"
