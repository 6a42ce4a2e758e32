"""Every file that could be read before can be read after."""

from __future__ import annotations

from typing import TYPE_CHECKING

from migrator.model import FileStatus, Location
from migrator.verify.result import Check, Problem
from migrator.wording import counted

if TYPE_CHECKING:
    from migrator.model import Inventory
    from migrator.verify.comparison import Comparison


def check(compared: Comparison) -> Check:
    """Files that fail now and did not before."""
    before, after = _failed(compared.before), _failed(compared.after)
    problems = [
        Problem(f"fails now: {reason}", Location(path, 1))
        for path, reason in sorted(after.items())
        if path not in before
    ]
    return Check("files", counted(len(compared.after.files), "file"), tuple(problems))


def _failed(inventory: Inventory) -> dict[str, str]:
    failed = FileStatus.FAILED
    return {f.path: f.reason for f in inventory.files if f.status is failed}
