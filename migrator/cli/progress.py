"""A progress bar on a terminal, silence in a pipe."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@contextmanager
def progress_bar(
    title: str, *, is_on: bool
) -> Iterator[Callable[[int, int], None] | None]:
    """Yields a function (done, total), or None where nobody would see the bar."""
    if not is_on or not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        row = bar.add_task(title, total=None)

        def advance(done: int, total: int) -> None:
            bar.update(row, completed=done, total=total)

        yield advance
