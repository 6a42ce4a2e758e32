"""`migrate verify`: what was there before is accounted for after."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from migrator.cli.options import format_option, root_argument
from migrator.cli.progress import progress_bar
from migrator.errors import EXIT_NOTHING_TO_DO, EXIT_VERIFICATION_FAILED

if TYPE_CHECKING:
    from pathlib import Path


@click.command(name="verify")
@root_argument
@format_option("json", "junit")
@click.option(
    "--base",
    metavar="REV",
    help="Compare with this git revision, instead of the tree before the last apply.",
)
@click.option("--schedules", is_flag=True, help="Print the proof of each schedule.")
def command(root: Path, output: str, base: str | None, *, schedules: bool) -> int:
    """Account for every definition, caller, schedule, setting and process.

    \b
    migrate verify                against the tree before the last apply
    migrate verify --base main    against a git revision
    migrate verify --schedules    the proof of each schedule

    Compares the tree before the last apply (or at REV) with the tree now. Exit code 4
    where something is neither as it was, nor moved by the plan.
    """  # noqa: D301 - \b is click's mark for lines to keep
    from migrator.report import verify_report
    from migrator.verification import prove_schedules, verify_tree

    if schedules:
        proofs = prove_schedules(root)
        verify_report.print_proofs(proofs, output)
        passed = all(proof is None or proof.identical for _, proof in proofs)
    else:
        with progress_bar("Scanning", is_on=output == "text") as progress:
            checks = verify_tree(root, base, progress)
        verify_report.print_checks(checks, output)
        passed = all(check.passed for check in checks)
    return EXIT_NOTHING_TO_DO if passed else EXIT_VERIFICATION_FAILED
