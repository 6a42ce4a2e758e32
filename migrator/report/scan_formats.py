"""What `migrate scan` prints for programs, and what its check says."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from migrator.report.console import console, styled

if TYPE_CHECKING:
    from migrator.pipeline import Survey
    from migrator.report.baseline import Comparison

SHOWN_GONE = 5


def scan_output(found: Survey, output: str, comparison: Comparison | None) -> bytes:
    """The document of the format, as UTF-8 that ends with a line feed."""
    if output == "sarif":
        from migrator.report.sarif import sarif_document

        text = sarif_document(found, comparison)
    elif output == "github":
        from migrator.report.github import github_lines

        text = "\n".join(github_lines(found, comparison))
    elif output == "html":
        from migrator.report.html import scan_page

        text = scan_page(found, datetime.now(UTC))
    else:
        from migrator.report.json_report import scan_document

        text = scan_document(found.inventory, found.verdicts)
    return text.rstrip("\n").encode() + b"\n" if text else b""


def print_comparison(comparison: Comparison) -> None:
    """What goes beyond the baseline, a line each; what is gone, on standard error."""
    out = console()
    for item in comparison.new:
        out.print(styled(f"{item.location}: {item.text}"), soft_wrap=True)
    beyond = (
        "beyond the baseline" if comparison.has_baseline else "on Celery, or hiding it"
    )
    out.print(f"{len(comparison.new)} {beyond}.")
    if comparison.gone:
        err = console(stderr=True)
        for path, key in comparison.gone[:SHOWN_GONE]:
            err.print(styled(f"gone: {path}: {key}", "dim"), soft_wrap=True)
        err.print(
            f"{len(comparison.gone)} of the baseline are gone. "
            "Next: migrate scan --write-baseline FILE, so that they stay gone"
        )
