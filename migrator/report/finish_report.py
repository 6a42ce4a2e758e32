"""What `migrate finish` prints beside the patch."""

from __future__ import annotations

from itertools import groupby
from operator import attrgetter
from typing import TYPE_CHECKING

from migrator.report.console import console, styled
from migrator.wording import counted

if TYPE_CHECKING:
    from migrator.finishing import Finish
    from migrator.model import Refusal


def print_finish(outcome: Finish, *, applied: bool) -> None:
    """Who keeps the shim and why, what is left by hand, and the next step."""
    out = console(stderr=True)
    for spot in outcome.unseen:
        out.print(styled(f"cannot be seen: {_at(spot)}", "yellow"), soft_wrap=True)
    for name, reasons in groupby(outcome.kept, key=attrgetter("name")):
        out.print(styled(f"keeps the shim: {name}", "yellow"), soft_wrap=True)
        for refusal in reasons:
            out.print(styled(f"    {_at(refusal)}"), soft_wrap=True)
    for number, step in enumerate(outcome.changes.manual_steps, 1):
        place = f"{step.location}: " if step.location else ""
        out.print(styled(f"by hand {number}: {place}{step.text}"), soft_wrap=True)
        out.print(styled(f"           because {step.reason}", "dim"), soft_wrap=True)
    if outcome.kept:
        count = len({refusal.name for refusal in outcome.kept})
        out.print(
            f"{counted(count, 'task')} to change at the places named and finish then, "
            "or to leave: with the shim it goes on working (docs/how-to/finish.md)."
        )
    if outcome.unseen:
        places = counted(len(outcome.unseen), "place")
        out.print(
            f"Nothing is finished: {places} may reach any task. Look at each, and "
            "then say --blind-spots-checked."
        )
    elif not outcome.finished:
        out.print("Nothing can be finished.")
    elif applied:
        out.print(
            f"{counted(len(outcome.finished), 'task')} finished: plain functions now. "
            "`migrate undo` puts every file back.\nNext: run your tests, commit, "
            "deploy; then `migrate drain` once more, for what the old release sent."
        )
    else:
        names = ", ".join(outcome.finished)
        out.print(styled(f"Finished would be: {names}"), soft_wrap=True)
        out.print("Next: migrate finish, with the same arguments and without --diff")


def _at(refusal: Refusal) -> str:
    return f"{refusal.reason} ({refusal.location})"
