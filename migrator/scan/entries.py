"""Mappings that are entries of a schedule, as the walk meets them."""

from __future__ import annotations

import ast

from migrator.scan.facts import EntryFact
from migrator.scan.options import keep_text
from migrator.scan.walker import Walker, one_line

# Keywords of fields in models of settings: what they hold is shown to people.
EXAMPLES = frozenset({"example", "examples", "json_schema_extra", "openapi_examples"})


class EntryWalker(Walker):
    """Writes an entry down, with the source of all that stands in it."""

    def is_example(self) -> bool:
        return any(isinstance(one, str) and one in EXAMPLES for one in self.path)

    def entry_call(self, node: ast.Call) -> None:
        words = {word.arg for word in node.keywords}
        if "schedule" in words and ("task" in words or None in words):
            self.record_entry(node)

    def record_entry(self, node: ast.Dict | ast.Call) -> None:
        if self.is_example():
            return
        if isinstance(node, ast.Call):
            self.keep_texts(node)
        else:
            for value in node.values:
                self.keep_mapping(value)
        self.facts.entries.append(
            EntryFact(
                node=node,
                path=self.path,
                statement=self.statement,
                target=self.target,
                scope=self.scope,
                function=self.function,
                location=self.at(node),
                end_line=node.end_lineno or node.lineno,
                guard=self.guard(),
                loops=one_line(" / ".join(self.loops)),
            )
        )

    def keep_texts(self, node: ast.Call) -> None:
        """The arguments as written, for Options."""
        for argument in (*node.args, *(word.value for word in node.keywords)):
            keep_text(self.facts, argument, self.source.of(argument))

    def keep_mapping(self, node: ast.expr) -> None:
        keep_text(self.facts, node, self.source.of(node))
        if isinstance(node, ast.Dict):
            for value in node.values:
                self.keep_mapping(value)
        if isinstance(node, ast.Call):
            self.keep_texts(node)
