"""Which names a module mentions, so that an import is never taken out too early."""

from __future__ import annotations

import re

import libcst as cst

WORD = re.compile(r"\w+")
LONGEST_ANNOTATION = 200


def names_in_use(module: cst.Module) -> set[str]:
    """Every name outside imports; also in strings that may be `__all__` or a type.

    It errs on the side of use: a wrong hit keeps an import that nobody needs.
    """
    collector = _NameCollector()
    module.visit(collector)
    return collector.names


class _NameCollector(cst.CSTVisitor):
    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()

    def visit_Import(self, node: cst.Import) -> bool:  # noqa: N802 - LibCST's name
        del node
        return False

    def visit_ImportFrom(self, node: cst.ImportFrom) -> bool:  # noqa: N802 - as above
        del node
        return False

    def visit_Name(self, node: cst.Name) -> None:  # noqa: N802 - as above
        self.names.add(node.value)

    def visit_SimpleString(self, node: cst.SimpleString) -> None:  # noqa: N802 - as above
        text = node.raw_value
        if "\n" not in text and len(text) <= LONGEST_ANNOTATION and " " not in text:
            self.names.update(WORD.findall(text))
