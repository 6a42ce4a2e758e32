"""Apply is all or nothing, and undo gives back every byte and mode."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from migrator.apply import apply_changes, recover, undo_last
from migrator.apply.tree import state_folder
from migrator.errors import ApplyError, ConflictError, WriteError
from migrator.model import FileChange

ROOT = Path(__file__).parents[3]


@pytest.fixture
def project(tmp_path):
    (tmp_path / "a.py").write_bytes(b"a = 1\r\n")
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "b.py").write_bytes(b"b = 1\n")
    (tmp_path / "sub" / "b.py").chmod(0o755)
    (tmp_path / "gone.py").write_bytes(b"gone = 1\n")
    return tmp_path


CHANGES = (
    FileChange("a.py", b"a = 1\r\n", b"a = 2\r\n"),
    FileChange("sub/b.py", b"b = 1\n", b"b = 2\n"),
    FileChange("gone.py", b"gone = 1\n", None),
    FileChange("new/deep/c.py", None, b"c = 1\n"),
)


def snapshot(root):
    """Every file's bytes and mode, and every folder, outside the tool's own."""
    own = root / ".migrate"
    return {
        path.relative_to(root).as_posix(): (
            path.read_bytes() if path.is_file() else None,
            path.stat().st_mode,
        )
        for path in root.rglob("*")
        if path != own and own not in path.parents
    }


def test_apply_writes_every_change_and_keeps_modes(project):
    """A file keeps its mode, a new one gets its folders, a deleted one is gone."""
    assert apply_changes(project, CHANGES) == (
        "a.py",
        "sub/b.py",
        "gone.py",
        "new/deep/c.py",
    )
    assert (project / "a.py").read_bytes() == b"a = 2\r\n"
    assert (project / "sub/b.py").read_bytes() == b"b = 2\n"
    assert (project / "sub/b.py").stat().st_mode & 0o777 == 0o755
    assert (project / "new/deep/c.py").read_bytes() == b"c = 1\n"
    assert not (project / "gone.py").exists()


def test_undo_restores_bytes_modes_and_folders(project):
    """After undo the tree equals what it was, new folders included."""
    before = snapshot(project)
    apply_changes(project, CHANGES)
    assert snapshot(project) != before
    undo_last(project)
    assert snapshot(project) == before


def test_undo_twice_has_nothing_to_undo(project):
    """The second undo says so and touches nothing."""
    apply_changes(project, CHANGES)
    undo_last(project)
    with pytest.raises(ApplyError, match="no applied change"):
        undo_last(project)


def test_undo_refuses_a_file_changed_since(project):
    """An edit made after the apply is named, and kept."""
    apply_changes(project, CHANGES)
    (project / "a.py").write_bytes(b"a = 3\n")
    with pytest.raises(ConflictError, match=r"a\.py"):
        undo_last(project)
    assert (project / "a.py").read_bytes() == b"a = 3\n"
    assert (project / "sub/b.py").read_bytes() == b"b = 2\n"


def test_a_file_edited_between_diff_and_apply_is_refused(project):
    """Nothing at all is written when one file is not what the diff saw."""
    (project / "sub/b.py").write_bytes(b"b = 9\n")
    before = snapshot(project)
    with pytest.raises(ConflictError, match=r"sub/b\.py"):
        apply_changes(project, CHANGES)
    assert snapshot(project) == before


def test_a_failing_write_puts_everything_back(project):
    """A folder that cannot be made, after two good writes: the tree is as before."""
    (project / "blocked").write_bytes(b"a file where a folder is wanted")
    before = snapshot(project)
    changes = (*CHANGES, FileChange("blocked/d.py", None, b"d = 1\n"))
    with pytest.raises(WriteError, match="put back"):
        apply_changes(project, changes)
    assert snapshot(project) == before


def test_a_read_only_file_is_refused(project):
    """Read-only is a decision of its owner; root could override it, and does not."""
    before_mode = 0o444
    (project / "sub/b.py").chmod(before_mode)
    before = snapshot(project)
    with pytest.raises(WriteError, match="read-only"):
        apply_changes(project, CHANGES)
    assert snapshot(project) == before


def test_a_link_out_of_the_project_is_refused(project, tmp_path_factory):
    """A symlink is never written through."""
    outside = tmp_path_factory.mktemp("outside") / "x.py"
    outside.write_bytes(b"x = 1\n")
    (project / "link.py").symlink_to(outside)
    with pytest.raises(WriteError, match="link"):
        apply_changes(project, [FileChange("link.py", b"x = 1\n", b"x = 2\n")])
    assert outside.read_bytes() == b"x = 1\n"


@pytest.mark.parametrize("path", ["../out.py", "sub/../../out.py"])
def test_a_path_out_of_the_project_is_refused(project, path):
    """`..` may not lead out of the root."""
    with pytest.raises(WriteError, match="leads out"):
        apply_changes(project, [FileChange(path, None, b"x = 1\n")])
    assert not (project.parent / "out.py").exists()


# In a process of its own, which loads nothing but the writer: there are many of them.
CRASHING = """
import os
from pathlib import Path
from migrator.apply.writer import apply_changes, undo_last
from migrator.model import FileChange

CHANGES = {changes!r}
real, left = os.fsync, {syncs}

def fsync(handle):
    global left
    left -= 1
    if left < 0:
        os._exit(9)
    real(handle)

os.fsync = fsync
{action}
"""


def run_until_crash(project, syncs, action):
    script = CRASHING.format(changes=CHANGES, syncs=syncs, action=action)
    return subprocess.run(
        [sys.executable, "-c", script],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        check=False,
        cwd=project,
    ).returncode


def test_a_crash_at_any_sync_of_apply_leaves_the_tree_whole(project):
    """The next command finds the journal and puts the files back, or all are new."""
    before = snapshot(project)
    apply_changes(project, CHANGES)
    after = snapshot(project)
    undo_last(project)
    crashed = 0
    for syncs in range(40):
        code = run_until_crash(project, syncs, "apply_changes(Path.cwd(), CHANGES)")
        if code == 0:
            break
        assert code == 9
        crashed += 1
        recover(project)
        if snapshot(project) == after:  # it died after the last write was recorded
            undo_last(project)
        assert snapshot(project) == before
    assert crashed >= 6
    assert snapshot(project) == after


def test_a_crash_at_any_sync_of_undo_leaves_the_tree_whole(project):
    """An undo that died is taken back too, so that it can be run again."""
    before = snapshot(project)
    apply_changes(project, CHANGES)
    after = snapshot(project)
    crashed = 0
    for syncs in range(40):
        code = run_until_crash(project, syncs, "undo_last(Path.cwd())")
        if code == 0:
            break
        assert code == 9
        crashed += 1
        recover(project)
        assert snapshot(project) == after
    assert crashed >= 4
    assert snapshot(project) == before


def test_two_applies_at_once_do_not_mix(project):
    """The second is told that another command is writing."""
    from migrator.apply.writer import exclusive

    with exclusive(project), pytest.raises(ApplyError, match="another"):
        apply_changes(project, CHANGES)
    assert (project / "a.py").read_bytes() == b"a = 1\r\n"


def test_a_damaged_journal_is_named(project):
    """The message says which file, and how to go on with git."""
    apply_changes(project, CHANGES)
    (state_folder(project) / "journal.json").write_text("{")
    with pytest.raises(ApplyError, match=r"journal\.json"):
        undo_last(project)
