"""A dirty tree is refused; what the tool itself writes does not count."""

from __future__ import annotations

import subprocess

import pytest

from migrator.apply import refuse_dirty_tree
from migrator.apply.tree import state_folder
from migrator.errors import DirtyTreeError


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


def test_the_plan_file_does_not_make_it_dirty(repository):
    (repository / "migrate.toml").write_text("")
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
