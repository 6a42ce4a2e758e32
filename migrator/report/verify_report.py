"""What `migrate verify` prints."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import click
from rich.text import Text

from migrator.report.console import console, styled
from migrator.report.json_report import document
from migrator.report.junit import junit_document
from migrator.wording import counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from migrator.model import PlannedSchedule
    from migrator.schedules import Proof
    from migrator.verify import Check

Proven = tuple["PlannedSchedule", "Proof | None"]


def print_checks(checks: Sequence[Check], output: str) -> None:
    """A line for each check, with every problem below it."""
    if output == "json":
        plain = [
            dataclasses.asdict(check) | {"passed": check.passed} for check in checks
        ]
        click.echo(document("verify", checks=plain))
        return
    if output == "junit":
        click.echo(junit_document(checks))
        return
    out = console()
    width = max(len(check.name) for check in checks)
    for check in checks:
        mark = ("ok    ", "green") if check.passed else ("NOT SO", "red")
        out.print(
            Text.assemble(mark, f"  {check.name:<{width}}  ", (check.facts, "dim"))
        )
        for problem in check.problems:
            out.print(styled(f"        {problem}"), soft_wrap=True)
    failed = sum(not check.passed for check in checks)
    verdict = (
        "Everything is accounted for."
        if not failed
        else f"{counted(failed, 'check')} failed."
    )
    out.print(verdict)


def print_proofs(proofs: Sequence[Proven], output: str) -> None:
    """The proof of each schedule: both expressions, the zone, what was compared."""
    if output != "text":
        plain = [_plain(schedule, proof) for schedule, proof in proofs]
        click.echo(document("proofs", schedules=plain))
        return
    out = console()
    for schedule, proof in proofs:
        entry = schedule.entry
        out.print(styled(f"{entry.name}  ({entry.location})", "bold"))
        out.print(styled(f"  beat    {entry.source}  zone {entry.timezone}"))
        if proof is None:
            out.print(styled(f"  stays   {schedule.refusal}", "yellow"))
            continue
        out.print(styled(f"  becomes {_converted(schedule)}"))
        compared = counted(proof.compared, "fire time")
        if proof.clock_changes:
            days = ", ".join(f"{c.at:%Y-%m-%d}" for c in proof.clock_changes)
            compared += f" and the clock changes of {days}"
        if proof.identical:
            out.print(styled(f"  proof   identical over {compared}", "green"))
        else:
            out.print(styled(f"  proof   DIFFERENT: {proof.difference}", "red"))
        fires = ", ".join(f"{fire:%Y-%m-%d %H:%M:%S}" for fire in proof.next_fires)
        out.print(styled(f"  next    {fires} UTC", "dim"))
        for warning in schedule.warnings:
            out.print(styled(f"  note    {warning}", "yellow"))


def _converted(schedule: PlannedSchedule) -> str:
    """The expression that takes over from beat."""
    if schedule.trigger:
        return schedule.trigger
    guard = f", less what {schedule.guard} drops" if schedule.guard else ""
    return f"{' and '.join(schedule.cron)}  zone {schedule.zone}{guard}"


def _plain(schedule: PlannedSchedule, proof: Proof | None) -> dict[str, object]:
    entry = schedule.entry
    plain: dict[str, object] = {
        "name": entry.name,
        "task": entry.task,
        "source": entry.source,
        "zone": entry.timezone,
        "target": str(schedule.target),
        "trigger": schedule.trigger,
        "cron": list(schedule.cron),
        "cron_zone": schedule.zone,
        "guard": schedule.guard,
        "refusal": schedule.refusal,
        "warnings": list(schedule.warnings),
    }
    if proof is not None:
        plain |= {
            "identical": proof.identical,
            "compared": proof.compared,
            "from": proof.start.isoformat(),
            "to": proof.end.isoformat(),
            "is_complete": proof.is_complete,
            "clock_changes": len(proof.clock_changes),
            "clock_changes_at": [c.at.isoformat() for c in proof.clock_changes],
            "difference": str(proof.difference) if proof.difference else None,
            "next_fires": [fire.isoformat() for fire in proof.next_fires],
        }
    return plain
