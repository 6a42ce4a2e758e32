"""ChangeSet -> diff, atomic write, journal, undo.

Nothing here decides what changes. `diff` prints and `apply` writes the same
ChangeSet; `undo` writes the reverse of the one that the journal holds.
"""

from __future__ import annotations

from migrator.apply.commits import commit
from migrator.apply.diff import unified_diff
from migrator.apply.tree import refuse_dirty_tree
from migrator.apply.trial import Trial, try_changes
from migrator.apply.writer import (
    apply_changes,
    last_changes,
    recover,
    undo_last,
    write_file,
)

__all__ = [
    "Trial",
    "apply_changes",
    "commit",
    "last_changes",
    "recover",
    "refuse_dirty_tree",
    "try_changes",
    "undo_last",
    "unified_diff",
    "write_file",
]
