"""Source of a newer Python, written so that the running one can parse it.

LibCST parses syntax that the running `ast` refuses. What is newer is written in the old
form on the same lines, so that line numbers stay true; columns behind a rewritten
place on the same line may move. The result is only read, never written to a file.
"""

from __future__ import annotations


def rewritten_for_this_python(text: str) -> str | None:
    """The same program in older syntax, or None where LibCST refuses it as well."""
    import libcst

    from migrator.scan.older_form import OlderForm

    try:
        module = libcst.parse_module(text)
        return module.visit(OlderForm()).code
    except (libcst.ParserSyntaxError, RecursionError, ValueError):
        return None
