"""Source of a newer Python, written so that the running one can parse it.

LibCST parses syntax that the running `ast` refuses. What is newer is written in the old
form on the same lines, so that line numbers stay true; columns behind a rewritten
place on the same line may move. The result is only read, never written to a file.
"""

from __future__ import annotations

import ast
import re
import warnings

# `except A, B:` at the head of a line.
EXCEPTION_LIST = re.compile(
    r"^([ \t]*)except[ \t]+([\w.]+(?:[ \t]*,[ \t]*[\w.]+)+)([ \t]+as[ \t]+\w+)?[ \t]*:",
    re.MULTILINE,
)
# `def f[T](`, `class C[T: int]:`, `type A[T] =`, brackets nested once.
TYPE_PARAMETERS = re.compile(
    r"^([ \t]*(?:async[ \t]+def|def|class|type)[ \t]+\w+)\[(?:[^\[\]\n]|\[[^\[\]\n]*\])*\]",
    re.MULTILINE,
)
TYPE_ALIAS = re.compile(r"^([ \t]*)type[ \t]+(\w+[ \t]*)=", re.MULTILINE)


def rewritten_for_this_python(text: str) -> str | None:
    """The same program in older syntax, or None where LibCST refuses it as well."""
    quick = EXCEPTION_LIST.sub(r"\1except(\2)\3:", text)
    quick = TYPE_PARAMETERS.sub(r"\1", quick)
    quick = TYPE_ALIAS.sub(r"\1\2=", quick)
    if quick != text and _is_accepted(quick):
        return quick  # the common cases, a hundred times cheaper
    import libcst

    from migrator.scan.older_form import OlderForm, without_template_strings

    try:
        older = libcst.parse_module(text).visit(OlderForm()).code
        if _is_accepted(older):
            return older
        return without_template_strings(older)
    except (libcst.ParserSyntaxError, libcst.CSTValidationError, RecursionError):
        return None


def _is_accepted(text: str) -> bool:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of the target's code, not of ours
            ast.parse(text)
    except (SyntaxError, ValueError):
        return False
    return True
