"""Runs the user's tests without and with the changes, in two git worktrees.

Nothing of the project itself is touched: the tests run in folders of their own, which
hold what is committed. https://git-scm.com/docs/git-worktree
"""

from __future__ import annotations

import os
import shlex
import subprocess
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from migrator.errors import TrialError, UsageError
from migrator.git import ask_git, run_git

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from migrator.model import FileChange

SHOWN = 10  # tests that are named
TAIL = 15  # lines of output that are shown


@dataclass(frozen=True, slots=True)
class Run:
    """One run. `passed`: ids of the tests, None where no pytest was in the command."""

    exit_code: int
    passed: frozenset[str] | None
    output: str


@dataclass(frozen=True, slots=True)
class Trial:
    before: Run
    after: Run


def try_changes(root: Path, changes: Sequence[FileChange], command: str) -> Trial:
    """Both runs of the command, where nothing that passed fails.

    Under pytest, also inside another command, the sets of passing tests are compared,
    else the exit codes. TrialError names what passes without the changes only;
    UsageError where there is no git repository, or nothing passes before.
    """
    with _worktree(root) as tree:
        before = _run(root, tree, command)
    _refuse_useless(before, command)
    with _worktree(root) as tree:
        for change in changes:
            _write(tree, change)
        after = _run(root, tree, command)
    _refuse_failing(before, after, command)
    return Trial(before, after)


@contextmanager
def _worktree(root: Path) -> Iterator[Path]:
    """The project at HEAD, in a folder that goes at the end."""
    prefix = ask_git(root, "rev-parse", "--show-prefix")
    if prefix is None or ask_git(root, "rev-parse", "--verify", "HEAD") is None:
        raise UsageError(
            "--test needs a git repository with a commit",
            where=str(root),
            hint="Commit first, or run your tests by hand after the apply.",
        )
    with TemporaryDirectory(prefix="migrate-test-") as folder:
        tree = Path(folder) / root.resolve().name
        add = ("worktree", "add", "--quiet", "--detach", str(tree), "HEAD")
        added = run_git(root, *add, may_filter=True)  # its tests run as well
        if added.returncode != 0:
            reason = added.stderr.decode("utf-8", "replace").strip()
            raise UsageError(
                f"git worktree add failed: {reason}",
                where=str(root),
                hint="Run your tests by hand after the apply.",
            )
        try:
            yield tree / prefix.strip()
        finally:
            run_git(root, "worktree", "remove", "--force", str(tree))


def _write(tree: Path, change: FileChange) -> None:
    target = tree / change.path
    if change.after is None:
        target.unlink(missing_ok=True)
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(change.after)


def _run(root: Path, tree: Path, command: str) -> Run:
    with TemporaryDirectory(prefix="migrate-report-") as folder:
        report = Path(folder) / "junit.xml"
        try:
            done = subprocess.run(
                shlex.split(command),
                cwd=tree,
                env=_environment(root, tree, report),
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                check=False,
            )
        except (OSError, ValueError) as error:
            raise UsageError(
                f"cannot be run: {error}",
                where=f"--test {command!r}",
                hint="Give a command as a shell would find it, e.g. 'pytest -q'.",
            ) from error
        return Run(
            done.returncode, _passed(report), done.stdout.decode("utf-8", "replace")
        )


def _environment(root: Path, tree: Path, report: Path) -> dict[str, str]:
    """Imports come from the worktree, and pytest writes down what passed."""
    given = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    paths = [str(tree / "src")] if (tree / "src").is_dir() else []
    paths += [str(tree), *(_moved(path, root, tree) for path in given if path)]
    options = [os.environ.get("PYTEST_ADDOPTS", ""), f"--junitxml={report}"]
    options += ["-o junit_family=xunit1", "-p no:cacheprovider"]
    return {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(paths),
        "PYTEST_ADDOPTS": " ".join(filter(None, options)),
    }


def _moved(path: str, root: Path, tree: Path) -> str:
    """A path inside the project as the same one inside the worktree."""
    real = (root / path).resolve()
    base = root.resolve()
    return str(tree / real.relative_to(base)) if real.is_relative_to(base) else path


def _passed(report: Path) -> frozenset[str] | None:
    if not report.exists():
        return None
    tree = ET.parse(report)  # noqa: S314 - the user's own pytest has just written it
    return frozenset(
        f"{case.get('file') or case.get('classname')}::{case.get('name')}"
        for case in tree.iter("testcase")
        if not any(case.find(kind) is not None for kind in NOT_PASSED)
    )


NOT_PASSED = ("failure", "error", "skipped")


def _refuse_useless(before: Run, command: str) -> None:
    passes = before.exit_code == 0 if before.passed is None else bool(before.passed)
    if not passes:
        raise UsageError(
            f"without the changes nothing passes (exit code {before.exit_code})",
            where=f"--test {command!r}",
            hint="In a fresh checkout of HEAD it printed:\n" + _tail(before),
        )


def _refuse_failing(before: Run, after: Run, command: str) -> None:
    lost = sorted((before.passed or frozenset()) - (after.passed or frozenset()))
    is_worse = before.exit_code == 0 and after.exit_code != 0
    if not lost and not is_worse:
        return
    named = ", ".join(lost[:SHOWN])
    more = f" and {len(lost) - SHOWN} more" if len(lost) > SHOWN else ""
    what = f"{len(lost)} tests that passed do not: {named}{more}"
    raise TrialError(
        what if lost else f"it ends with exit code {after.exit_code}, and 0 without",
        where=f"--test {command!r}, with the changes",
        hint="Nothing was written. It printed:\n" + _tail(after),
    )


def _tail(run: Run) -> str:
    return "\n".join(run.output.splitlines()[-TAIL:])
