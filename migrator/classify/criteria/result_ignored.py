"""Nobody can wait for it.

`ignore_result` is true for the task, or for the whole app and not false for the task.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from migrator.classify.registry import Kind, criterion, signal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from migrator.classify.context import TaskContext
    from migrator.model import Finding


@criterion(
    Kind.SIGNAL,
    summary="Its result is ignored.",
    guidance="",
    example="""
    @app.task(ignore_result=True)
    def touch(pk): ...
    """,
)
def result_ignored(context: TaskContext) -> Iterator[Finding]:
    option = context.option("ignore_result")
    if option is not None:
        if option.value is True:
            yield signal("ignore_result=True", context.task.decorator)
        return
    setting = context.setting("task_ignore_result")
    if setting is not None and setting[0] is True:
        yield signal("task_ignore_result is on", setting[1])
