"""`migrate explain RULE`: what a criterion looks for and why."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from migrator.cli.options import format_option
from migrator.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from migrator.classify import Rule


def _rules(ctx: click.Context, param: click.Parameter, begun: str) -> list[str]:
    """What the shell offers for the rule."""
    del ctx, param
    from migrator.classify import rules

    return sorted(rule.id for rule in rules() if rule.id.startswith(begun))


@click.command(name="explain")
@click.argument("rule", required=False, shell_complete=_rules)
@format_option("json")
def command(rule: str | None, output: str) -> None:
    """Say what RULE looks for, why, and what to do; without RULE, list them all.

    \b
    migrate explain                every rule, a line each
    migrate explain retry-horizon  one rule, with an example
    """  # noqa: D301 - \b is click's mark for lines to keep
    from migrator.classify import rules

    known = {known.id: known for known in rules()}
    if rule is not None and rule not in known:
        raise _unknown(rule, known)
    if output == "json":
        from migrator.report.json_report import rules_document

        chosen = [known[rule]] if rule else sorted(known.values(), key=lambda r: r.id)
        click.echo(rules_document(chosen))
    elif rule is None:
        width = max(map(len, known))
        for name, entry in sorted(known.items()):
            click.echo(f"{name:<{width}}  {entry.summary}")
    else:
        _explain(known[rule])


def _explain(rule: Rule) -> None:
    weight = f", weight {rule.weight:+d}" if rule.weight else ""
    click.echo(f"{rule.id} ({rule.kind}{weight}): {rule.summary}\n")
    click.echo(f"{rule.explanation}\n\nWhat to do: {rule.guidance}\n\nFor example:\n")
    for line in rule.example.splitlines():
        click.echo(f"    {line}".rstrip())


def _unknown(rule: str, known: Iterable[str]) -> UsageError:
    import difflib

    near = difflib.get_close_matches(rule, known, n=1)
    hint = f"Did you mean {near[0]!r}?" if near else "`migrate explain` lists them."
    return UsageError(f"there is no rule {rule!r}", hint=hint)
