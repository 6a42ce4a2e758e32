"""Everything the tool can say no to.

    MigratorError
    ├── UsageError            the command cannot mean what was asked       exit 2
    │   ├── ProjectError      the path is no project we can read
    │   ├── ConfigurationError  [tool.migrate] holds something unusable
    │   └── PlanError         migrate.toml is missing, malformed or stale
    └── ApplyError            nothing was written, or all was put back     exit 3
        ├── DirtyTreeError    uncommitted changes would be mixed with ours
        ├── ConflictError     a file changed between diff and apply / undo
        ├── InFlightError     calls of a task that is to be finished are on their way
        ├── TrialError        tests that passed before fail with the changes
        └── WriteError        the disk or its permissions refused

A message says what is wrong, where (path:line), and what to do next. What `migrate
verify` finds is its report and no error: it ends with EXIT_VERIFICATION_FAILED.
"""

from __future__ import annotations

EXIT_NOTHING_TO_DO = 0
EXIT_FINDINGS = 1
EXIT_USAGE = 2
EXIT_FILE_FAILED = 3
EXIT_VERIFICATION_FAILED = 4
EXIT_INTERRUPTED = 130  # as a shell calls a program that Ctrl-C has ended


class MigratorError(Exception):
    """Base of all: caught once, in the command line, and printed without a trace."""

    exit_code = EXIT_FILE_FAILED

    def __init__(self, message: str, *, where: str = "", hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.where = where
        self.hint = hint

    def __str__(self) -> str:
        text = f"{self.where}: {self.message}" if self.where else self.message
        return f"{text}\n{self.hint}" if self.hint else text


class UsageError(MigratorError):
    """The command cannot mean what was asked."""

    exit_code = EXIT_USAGE


class ProjectError(UsageError):
    """The path is no project that we can read."""


class ConfigurationError(UsageError):
    """`[tool.migrate]` in pyproject.toml holds something unusable."""


class PlanError(UsageError):
    """migrate.toml is missing, malformed or older than the source."""


class ApplyError(MigratorError):
    """Nothing was written, or everything was put back."""


class DirtyTreeError(ApplyError):
    """Uncommitted changes would be mixed with ours."""


class ConflictError(ApplyError):
    """A file is not what it was when the change was computed."""


class InFlightError(ApplyError):
    """Calls of a task are still on their way, and would find no registration."""


class TrialError(ApplyError):
    """Tests that pass without the changes do not pass with them."""


class WriteError(ApplyError):
    """The disk or its permissions refused."""
