"""What `migrate scan` prints."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from migrator.model import CallKind, FileStatus, Level
from migrator.report.console import STYLES, console, printable, styled

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from rich.console import Console

    from migrator.model import BlindSpot, Inventory, TaskDefinition, Verdict
    from migrator.pipeline import Survey

SHOWN_BLIND_SPOTS = 5
REASONS = 3
ORDER = {Level.LIGHT: 0, Level.REVIEW: 1, Level.HEAVY: 2}
NOT_CALLS = {CallKind.MOCK, CallKind.CONTROL}


def print_scan(found: Survey, seconds: float, *, show_all: bool) -> None:
    """The table of tasks, the totals, the blind spots and the next step."""
    out = console()
    inventory = found.inventory
    pairs = [
        (task, verdict)
        for task, verdict in zip(inventory.tasks, found.verdicts, strict=True)
        if not task.in_tests
    ]
    out.print(_files_line(inventory, seconds))
    _print_failures(out, inventory)
    if not pairs:
        out.print("No Celery task found.")
    else:
        _print_tasks(out, pairs)
        _print_totals(out, inventory, [verdict for _, verdict in pairs])
    spots = inventory.blind_spots
    _print_blind_spots(out, spots, len(spots) if show_all else SHOWN_BLIND_SPOTS)
    for name in found.unmatched_overrides:
        out.print(styled(f"override without a match: {name}", "yellow"))
    if pairs:
        out.print(_next_steps(found))


def _files_line(inventory: Inventory, seconds: float) -> Text:
    count = Counter(outcome.status for outcome in inventory.files)
    text = (
        f"{len(inventory.files)} files: {count[FileStatus.PARSED]} read, "
        f"{count[FileStatus.FILTERED]} without Celery, "
        f"{count[FileStatus.SKIPPED]} skipped, {count[FileStatus.FAILED]} failed; "
        f"{seconds:.1f} s"
    )
    return Text(text, style="dim")


def _print_failures(out: Console, inventory: Inventory) -> None:
    for outcome in inventory.files:
        if outcome.status is FileStatus.FAILED:
            out.print(styled(f"failed  {outcome.path}: {outcome.reason}", "red"))


def _print_tasks(out: Console, pairs: Iterable[tuple[TaskDefinition, Verdict]]) -> None:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    table.add_column("task", overflow="fold")
    table.add_column("verdict", no_wrap=True)
    table.add_column("target", no_wrap=True)
    table.add_column("why", overflow="fold", ratio=1)
    for task, verdict in sorted(pairs, key=lambda p: (ORDER[p[1].level], p[0].name)):
        table.add_row(
            _task_cell(task),
            Text(str(verdict.level), style=STYLES[verdict.level]),
            Text(str(verdict.target), style=STYLES.get(verdict.target, "")),
            _reasons_cell(verdict),
        )
    out.print(table)


def _task_cell(task: TaskDefinition) -> Text:
    return Text.assemble(
        printable(task.name), "\n", (printable(str(task.location)), "dim")
    )


def _reasons_cell(verdict: Verdict) -> Text:
    lines = [
        Text.assemble(
            printable(finding.message), (f"  {printable(str(finding.location))}", "dim")
        )
        for finding in verdict.findings[:REASONS]
    ]
    if verdict.overridden_by:
        lines.insert(0, styled(f"said so by {verdict.overridden_by}"))
    return Text("\n").join(lines or [Text("nothing against it was seen")])


def _print_totals(
    out: Console, inventory: Inventory, verdicts: Sequence[Verdict]
) -> None:
    levels = Counter(verdict.level for verdict in verdicts)
    calls = sum(
        site.kind not in NOT_CALLS and not site.in_tests
        for site in inventory.call_sites
    )
    mocks = sum(site.kind is CallKind.MOCK for site in inventory.call_sites)
    out.print()
    out.print(
        Text.assemble(
            f"{len(verdicts)} tasks: ",
            (f"{levels[Level.LIGHT]} light", "green"),
            ", ",
            (f"{levels[Level.REVIEW]} review", "yellow"),
            ", ",
            (f"{levels[Level.HEAVY]} heavy", "red"),
            f"; {calls} callers, {mocks} mocks in tests, "
            f"{len(inventory.schedules)} schedules, "
            f"{len(inventory.blind_spots)} blind spots",
        )
    )
    if not any(verdict.is_confirmed for verdict in verdicts):
        out.print(
            Text("unconfirmed: judged by reading; no measured run times yet", "dim")
        )


def _print_blind_spots(out: Console, spots: Sequence[BlindSpot], shown: int) -> None:
    if not spots:
        return
    out.print()
    out.print(Text("Blind spots: seen, and not resolved", style="bold"))
    for spot in spots[:shown]:
        line = f"  {spot.location}  {spot.kind}: {spot.reason}  [{spot.text}]"
        out.print(styled(line), soft_wrap=True)
    if len(spots) > shown:
        out.print(f"  and {len(spots) - shown} more: migrate scan --all")


def _next_steps(found: Survey) -> Text:
    light = sum(verdict.level is Level.LIGHT for verdict in found.verdicts)
    review = sum(verdict.level is Level.REVIEW for verdict in found.verdicts)
    steps = []
    if light:
        steps.append(
            f"migrate plan              writes a plan for the {light} light ones"
        )
    if review:
        steps.append(f"migrate explain RULE      why one of the {review} needs review")
    if found.inventory.blind_spots:
        steps.append("migrate scan --all        every blind spot")
    steps.append("migrate scan --format json   the whole inventory, for programs")
    return Text("\nNext:\n" + "\n".join(f"  {step}" for step in steps))
