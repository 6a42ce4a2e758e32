"""The only place that knows Jinja: where templates are, and what they may use."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from migrator.render.literals import expression, python
from migrator.shipped import templates_folder

if TYPE_CHECKING:
    from jinja2 import Environment


@cache
def environment() -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    made = Environment(
        loader=FileSystemLoader(templates_folder(), encoding="utf-8"),
        undefined=StrictUndefined,
        keep_trailing_newline=True,
        autoescape=False,  # noqa: S701 - Python source; what is inserted are literals
    )
    made.filters["python"] = python
    made.filters["expression"] = expression
    return made


def rendered(template: str, **context: Any) -> bytes:
    """A template of the folder, filled in. An unknown name in it is an error."""
    return environment().get_template(template).render(**context).encode()


def plain(name: str) -> bytes:
    """A file of the folder that goes out as it is."""
    return (templates_folder() / name).read_bytes()
