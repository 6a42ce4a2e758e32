"""Arguments that are not JSON.

A pickled argument can be any object; outboxes hold JSON, and nothing is unpickled. A
task without parameters does not care. An annotation that no JSON value can have (bytes,
a set, a class of the project) is left to a person.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from migrator.classify.registry import Kind, criterion, unknown, veto

if TYPE_CHECKING:
    from collections.abc import Iterator

    from migrator.classify.context import TaskContext
    from migrator.model import Finding

UNSAFE = frozenset({"pickle", "yaml", "application/x-python-serialize"})
NOT_JSON = re.compile(
    r"\b(?:bytes|bytearray|set|frozenset|memoryview|BinaryIO|TextIO|IO|Callable|"
    r"Session|Request|HttpRequest|QuerySet|Iterator|Generator|DataFrame)\b"
)


@criterion(
    Kind.VETO,
    summary="The task's arguments are pickled.",
    guidance="Pass ids instead of objects and set the serializer to JSON.",
    example="""
    @app.task(serializer="pickle")
    def render(report): ...
    """,
)
def unsafe_arguments(context: TaskContext) -> Iterator[Finding]:
    parameters = context.task.given_parameters
    if not parameters:
        return
    option = context.option("serializer")
    if option is not None and option.value in UNSAFE:
        yield veto(f"serializer={option.source}", context.task.decorator)
    elif option is not None and not option.is_literal:
        text = f"serializer={option.source} is no literal"
        yield unknown(text, context.task.decorator)
    setting = context.setting("task_serializer")
    if option is None and setting is not None and setting[0] in UNSAFE:
        yield veto(f"task_serializer is {setting[0]}", setting[1])
    for parameter in parameters:
        if NOT_JSON.search(parameter.annotation):
            text = f"{parameter.name}: {parameter.annotation} is no JSON value"
            yield unknown(text, context.place)
