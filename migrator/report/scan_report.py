"""What `migrate scan` prints."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from rich.text import Text

from migrator.model import CallKind, FileStatus, Level
from migrator.report.console import (
    STYLES,
    console,
    print_hanging,
    print_rows,
    styled,
)
from migrator.shown import printable
from migrator.wording import counted

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from rich.console import Console

    from migrator.model import (
        BlindSpot,
        Finding,
        Inventory,
        TaskDefinition,
        Verdict,
    )
    from migrator.pipeline import Survey

    Pair = tuple[TaskDefinition, Verdict]

SHOWN_BLIND_SPOTS = 5
REASONS = 3
ORDER = {Level.LIGHT: 0, Level.REVIEW: 1, Level.HEAVY: 2}


def print_scan(found: Survey, seconds: float, *, show_all: bool) -> None:
    """The table of tasks, the totals, the blind spots and the next steps."""
    out = console()
    inventory = found.inventory
    pairs = [
        (task, verdict)
        for task, verdict in zip(inventory.tasks, found.verdicts, strict=True)
        if not task.in_tests
    ]
    print_hanging(out, _files_line(inventory, seconds))
    _print_failures(out, inventory)
    if not pairs:
        out.print("No Celery task found.")
    else:
        _print_tasks(out, pairs)
        _print_totals(out, inventory, [verdict for _, verdict in pairs])
    spots = inventory.blind_spots
    _print_blind_spots(out, spots, len(spots) if show_all else SHOWN_BLIND_SPOTS)
    for name in found.unmatched_overrides:
        text = f"override without a match: {name}"
        print_hanging(out, styled(text, "yellow"))
    if pairs:
        _print_next_steps(out, found)


def _files_line(inventory: Inventory, seconds: float) -> Text:
    count = Counter(outcome.status for outcome in inventory.files)
    text = (
        f"{counted(len(inventory.files), 'file')}: {count[FileStatus.PARSED]:,} read, "
        f"{count[FileStatus.FILTERED]:,} without Celery, "
        f"{count[FileStatus.SKIPPED]:,} skipped, {count[FileStatus.FAILED]:,} failed; "
        f"{seconds:.1f} s"
    )
    return Text(text, style="dim")


def _print_failures(out: Console, inventory: Inventory) -> None:
    for outcome in inventory.failed_files:
        text = f"failed  {outcome.path}: {outcome.reason}"
        print_hanging(out, styled(text, "red"))


def _print_tasks(out: Console, pairs: Iterable[Pair]) -> None:
    rows = [
        (
            [
                Text(str(verdict.level), style=STYLES[verdict.level]),
                Text(str(verdict.target), style=STYLES.get(verdict.target, "")),
            ],
            [_task_line(task), *_reasons(task, verdict)],
        )
        for task, verdict in sorted(pairs, key=_light_first)
    ]
    out.print()
    print_rows(out, ("verdict", "target", "task, and why"), rows)


def _light_first(pair: Pair) -> tuple[int, str]:
    return ORDER[pair[1].level], pair[0].name


def _task_line(task: TaskDefinition) -> Text:
    place = f"  {printable(str(task.location))}"
    return Text.assemble((printable(task.name), "bold"), (place, "dim"))


def _reasons(task: TaskDefinition, verdict: Verdict) -> list[Text]:
    lines = [_reason(task, finding) for finding in verdict.findings[:REASONS]]
    if verdict.overridden_by:
        lines.insert(0, styled(f"  decided by {verdict.overridden_by}"))
    return lines or [Text("  nothing against it was seen")]


def _reason(task: TaskDefinition, finding: Finding) -> Text:
    """The place stands with it, unless it is the task's own, a line above."""
    message = f"  {printable(finding.message)}"
    if finding.location == task.location:
        return Text(message)
    return Text.assemble(message, (f"  {printable(str(finding.location))}", "dim"))


def _print_totals(
    out: Console, inventory: Inventory, verdicts: Sequence[Verdict]
) -> None:
    levels = Counter(verdict.level for verdict in verdicts)
    calls = sum(site.is_caller for site in inventory.call_sites)
    mocks = sum(site.kind is CallKind.MOCK for site in inventory.call_sites)
    out.print()
    print_hanging(
        out,
        Text.assemble(
            (f"{counted(len(verdicts), 'task')}: ", "bold"),
            (f"{levels[Level.LIGHT]} light", "green"),
            ", ",
            (f"{levels[Level.REVIEW]} review", "yellow"),
            ", ",
            (f"{levels[Level.HEAVY]} heavy", "red"),
            f"; {counted(calls, 'caller')}, {counted(mocks, 'mock')} in tests, "
            f"{len(inventory.schedules):,} on beat, "
            f"{counted(len(inventory.blind_spots), 'blind spot')}",
        ),
    )
    confirmed = sum(verdict.is_confirmed for verdict in verdicts)
    basis = (
        f"{confirmed} confirmed by measured run times, the others judged by reading"
        if confirmed
        else "judged by reading: no run time has been measured yet"
    )
    out.print(Text(basis, "dim"))


def _print_blind_spots(out: Console, spots: Sequence[BlindSpot], shown: int) -> None:
    if not spots:
        return
    out.print()
    out.print(Text("Blind spots: seen, and not resolved", style="bold"))
    for spot in spots[:shown]:
        line = f"  {spot.location}  {spot.kind}: {spot.reason}  [{spot.text}]"
        print_hanging(out, styled(line))
    if len(spots) > shown:
        out.print(f"  and {len(spots) - shown:,} more: migrate scan --all")


def _print_next_steps(out: Console, found: Survey) -> None:
    levels = Counter(verdict.level for verdict in found.verdicts)
    steps = []
    if levels[Level.LIGHT]:
        tasks = counted(levels[Level.LIGHT], "light task")
        steps.append(("migrate plan", f"a plan that you edit, for {tasks}"))
    if rule := _commonest_question(found.verdicts):
        why = f"what keeps {counted(levels[Level.REVIEW], 'task')} from being light"
        steps.append((f"migrate explain {rule}", why))
    if len(found.inventory.blind_spots) > SHOWN_BLIND_SPOTS:
        steps.append(("migrate scan --all", "every blind spot"))
    steps += [
        ("migrate scan --format html >report.html", "to read, and to pass on"),
        ("migrate scan --write-baseline FILE", "so that CI refuses what is new"),
    ]
    out.print("\nNext:")
    width = max(len(command) for command, _ in steps)
    for command, why in steps:
        line = f"  {command:<{width}}  {why}"
        if len(line) > out.width:
            line = f"  {command}\n      {why}"
        out.print(Text(line), soft_wrap=True)


def _commonest_question(verdicts: Iterable[Verdict]) -> str:
    """The rule that stands first in most verdicts that a person has to settle."""
    first = Counter(
        verdict.findings[0].rule
        for verdict in verdicts
        if verdict.level is Level.REVIEW and verdict.findings
    )
    return first.most_common(1)[0][0] if first else ""
