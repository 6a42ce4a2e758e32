"""The tree before and the tree after, both scanned."""

from __future__ import annotations

import io
import tarfile
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from migrator.errors import UsageError
from migrator.git import run_git
from migrator.project import Project, open_project

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from migrator.model import FileChange, Inventory, Plan


@dataclass(frozen=True, slots=True)
class Comparison:
    """What the checks look at."""

    before: Inventory
    after: Inventory
    plan: Plan
    project: Project  # after
    written: tuple[str, ...]  # paths that the migration changed or made


@dataclass(frozen=True)
class TreeBefore(Project):
    """The project as it stood before the files in `contents` were written.

    `contents` maps a path to its bytes then, or to None where it did not exist.
    """

    contents: Mapping[str, bytes | None] = field(default_factory=dict)

    def read(self, path: str) -> bytes:
        """The bytes as they were."""
        if path in self.contents:
            data = self.contents[path]
            if data is None:
                raise FileNotFoundError(path)
            return data
        return super().read(path)


def tree_before(project: Project, changes: Sequence[FileChange]) -> TreeBefore:
    """The project with the changes taken back, in memory."""
    contents = {change.path: change.before for change in changes}
    made = {path for path, data in contents.items() if data is None}
    gone = {path for path, data in contents.items() if data is not None}
    files = tuple(sorted((set(project.files) | gone) - made))
    return TreeBefore(project.root, files, project.outcomes, contents=contents)


@contextmanager
def tree_at(root: Path, revision: str) -> Iterator[Project]:
    """The project at a git revision, unpacked into a temporary folder.

    UsageError where git does not know the revision.
    """
    archive_of = ("archive", "--format=tar", "--end-of-options", revision, ".")
    done = run_git(root, *archive_of)
    if done.returncode != 0:
        reason = done.stderr.decode("utf-8", "replace").strip()
        raise UsageError(
            f"git cannot give the tree at {revision!r}: {reason}",
            where=str(root),
            hint="Name a commit from before the migration.",
        )
    with TemporaryDirectory() as folder:
        with tarfile.open(fileobj=io.BytesIO(done.stdout)) as archive:
            archive.extractall(folder, filter=_only_inside)  # noqa: S202 - by Python's own filter
        yield open_project(Path(folder))


def _only_inside(member: tarfile.TarInfo, folder: str) -> tarfile.TarInfo | None:
    """By Python's filter for data; a link that leads out is left out."""
    try:
        return tarfile.data_filter(member, folder)
    except tarfile.FilterError:
        return None
