"""A dirty tree is refused; what the tool itself writes does not count."""

from __future__ import annotations

import subprocess

import pytest

from migrator.apply import apply_changes, refuse_dirty_tree, undo_last
from migrator.apply.tree import state_folder
from migrator.errors import DirtyTreeError
from migrator.model import FileChange


@pytest.fixture
def repository(tmp_path):
    def git(*arguments):
        subprocess.run(["git", *arguments], cwd=tmp_path, check=True)

    git("init", "-q")
    git("config", "user.email", "a@example.org")
    git("config", "user.name", "A")
    (tmp_path / "a.py").write_text("a = 1\n")
    git("add", ".")
    git("commit", "-qm", "one")
    return tmp_path


def test_a_clean_tree_passes(repository):
    refuse_dirty_tree(repository)


@pytest.mark.parametrize(
    "name", ["migrate.toml", "migrate-evidence.json", "migrate-schedules.json"]
)
def test_what_the_tool_writes_for_people_does_not_make_it_dirty(repository, name):
    (repository / name).write_text("")
    refuse_dirty_tree(repository)


@pytest.mark.parametrize("name", ["a.py", "untracked.py", "sp ace.py"])
def test_a_change_is_named(repository, name):
    (repository / name).write_text("a = 2\n")
    with pytest.raises(DirtyTreeError, match=name):
        refuse_dirty_tree(repository)


def test_a_folder_without_git_passes(tmp_path):
    refuse_dirty_tree(tmp_path)


def test_the_journal_stays_out_of_the_work_tree(repository):
    """In a repository it lives in git's own folder; a subproject has its own."""
    assert ".git" in state_folder(repository).parts
    (repository / "sub").mkdir()
    assert state_folder(repository / "sub") != state_folder(repository)


@pytest.fixture(params=["worktree", "submodule"])
def linked(request, repository, tmp_path_factory):
    """A tree whose `.git` is a file that leads elsewhere."""
    outside = tmp_path_factory.mktemp("outside")

    def git(where, *arguments):
        allowed = ("-c", "protocol.file.allow=always")
        subprocess.run(["git", *allowed, *arguments], cwd=where, check=True)

    if request.param == "worktree":
        git(repository, "worktree", "add", "-q", str(outside / "tree"))
        return outside / "tree"
    git(outside, "init", "-q")
    git(outside, "submodule", "--quiet", "add", str(repository), "part")
    return outside / "part"


def test_apply_and_undo_in_a_tree_that_is_linked(linked, repository):
    """The journal is this tree's own, and nothing of it shows up in the tree."""
    assert (linked / ".git").is_file()
    refuse_dirty_tree(linked)
    apply_changes(linked, [FileChange("a.py", b"a = 1\n", b"a = 2\n")])
    assert state_folder(linked) != state_folder(repository)
    assert sorted(path.name for path in linked.iterdir()) == [".git", "a.py"]
    with pytest.raises(DirtyTreeError, match=r"a\.py"):
        refuse_dirty_tree(linked)
    undo_last(linked)
    assert (linked / "a.py").read_bytes() == b"a = 1\n"
    refuse_dirty_tree(linked)
