"""Every call site is where it was, and reaches the same task."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from migrator.verify.result import Check, Problem

if TYPE_CHECKING:
    from migrator.model import CallSite
    from migrator.verify.comparison import Comparison

Key = tuple[str, str, str, str]  # kind, task, enclosing function, source


def check(compared: Comparison) -> Check:
    """Call sites that are gone, new, or resolve to another task than before."""
    moved = {s.entry.name for s in compared.plan.schedules if s.is_moved}
    # What a moved entry holds goes with it, and has a check of its own.
    gone_with_entries = {
        (entry.location.path, line)
        for entry in compared.before.schedules
        if entry.name in moved
        for line in range(entry.location.line, entry.end_line + 1)
    }
    # A finished task has callers no more; there is a check of its own for it.
    finished = {t.definition.name for t in compared.plan.tasks if t.is_finished}
    generated = compared.plan.package_path + "/"
    before = Counter(
        _key(site)
        for site in compared.before.call_sites
        if site.task not in finished
        and not site.location.path.startswith(generated)
        and (site.location.path, site.location.line) not in gone_with_entries
    )
    after = Counter(
        _key(site)
        for site in compared.after.call_sites
        if not site.location.path.startswith(generated)
    )
    problems = [Problem(_text(key, n, "gone")) for key, n in (before - after).items()]
    problems += [Problem(_text(key, n, "new")) for key, n in (after - before).items()]
    return Check("callers", f"{before.total()} call sites", tuple(problems))


def _key(site: CallSite) -> Key:
    return (str(site.kind), site.task or "", site.enclosing, site.source)


def _text(key: Key, count: int, state: str) -> str:
    _, task, enclosing, source = key
    return (
        f"{count} call of {task or 'an unknown task'} {state} in {enclosing}: {source}"
    )
