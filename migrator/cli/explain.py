"""`migrate explain RULE`: what a criterion looks for and why."""

from __future__ import annotations

import click

from migrator.errors import UsageError


@click.command(name="explain")
@click.argument("rule", required=False)
def command(rule: str | None) -> None:
    """Say what RULE looks for, why, and what to do; without RULE, list them all."""
    from migrator.classify import rules

    known = {known.id: known for known in rules()}
    if rule is None:
        width = max(map(len, known))
        for name, entry in sorted(known.items()):
            click.echo(f"{name:<{width}}  {entry.summary}")
        return
    if rule not in known:
        import difflib

        near = difflib.get_close_matches(rule, known, n=1)
        raise UsageError(
            f"there is no rule {rule!r}",
            hint=f"Did you mean {near[0]!r}?"
            if near
            else "`migrate explain` lists them.",
        )
    entry = known[rule]
    click.echo(f"{entry.id}: {entry.summary}\n\n{entry.explanation}")
