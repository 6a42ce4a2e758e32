"""Every call site is where it was, and reaches the same task."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from migrator.model import CallKind
from migrator.verify.result import Check, Problem

if TYPE_CHECKING:
    from migrator.model import CallSite, Inventory
    from migrator.verify.comparison import Comparison

# A signature given to it goes with its schedule, which has a check of its own.
WITH_SCHEDULES = "add_periodic_task"


def check(compared: Comparison) -> Check:
    """Call sites that are gone, new, or resolve to another task than before."""
    before = _calls(compared.before)
    after = _calls(compared.after)
    problems = [
        Problem(f"{count} call(s) of {key[1] or 'an unknown task'} gone: {key[3]}")
        for key, count in (before - after).items()
    ]
    problems += [
        Problem(f"{count} call(s) of {key[1] or 'an unknown task'} new: {key[3]}")
        for key, count in (after - before).items()
    ]
    return Check("callers", f"{before.total()} call sites", tuple(problems))


def _calls(inventory: Inventory) -> Counter[tuple[str, str | None, str, str]]:
    return Counter(
        (str(site.kind), site.task, site.enclosing, site.source)
        for site in inventory.call_sites
        if not _goes_with_a_schedule(site)
    )


def _goes_with_a_schedule(site: CallSite) -> bool:
    is_given = site.kind in {CallKind.SIGNATURE, CallKind.VALUE}
    return is_given and WITH_SCHEDULES in site.detail + site.source
