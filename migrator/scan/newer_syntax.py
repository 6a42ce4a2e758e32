"""Source of a newer Python, written so that the running one can parse it.

LibCST parses syntax that the running `ast` refuses. What is newer is written in the old
form on the same lines, so that line numbers stay true; columns behind a rewritten
place on the same line may move. The result is only read, never written to a file.
"""

from __future__ import annotations

import ast
import re
import threading
import warnings

MAX_BRACKETS = 150
MAX_LINE = 10_000
STACK = 256 * 1024 * 1024  # bytes of address space, not of memory
BRACKETS = re.compile(r"[\[\](){}]")

# `except A, B:` at the head of a line.
EXCEPTION_LIST = re.compile(
    r"^([ \t]*)except[ \t]+([\w.]+(?:[ \t]*,[ \t]*[\w.]+)+)([ \t]+as[ \t]+\w+)?[ \t]*:",
    re.MULTILINE,
)
# `def f[T](`, `class C[T: int]:`, `type A[T] =`, brackets nested once.
TYPE_PARAMETERS = re.compile(
    r"^([ \t]*(?:async[ \t]+def|def|class|type)[ \t]+\w+)"
    r"\[(?:[^\[\]\n]|\[[^\[\]\n]*\])*\]",
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
    return None if _is_too_deep(text) else _on_a_large_stack(text)


def _through_libcst(text: str) -> str | None:
    import libcst

    from migrator.scan.older_form import OlderForm, without_template_strings

    try:
        older = libcst.parse_module(text).visit(OlderForm()).code
        if _is_accepted(older):
            return older
        return without_template_strings(older)
    except (libcst.ParserSyntaxError, libcst.CSTValidationError, RecursionError):
        return None


def _is_too_deep(text: str) -> bool:
    """Whether nesting could overflow the native stack, which ends the process."""
    depth = deepest = 0
    for character in BRACKETS.findall(text):
        depth += 1 if character in "([{" else -1
        deepest = max(deepest, depth)
    longest = max(map(len, text.split("\n")))
    return deepest > MAX_BRACKETS or longest > MAX_LINE


def _on_a_large_stack(text: str) -> str | None:
    """LibCST's parser recurses natively: it gets a stack that it cannot exhaust."""
    found: list[str | None] = []
    before = threading.stack_size(STACK)
    try:
        thread = threading.Thread(target=lambda: found.append(_through_libcst(text)))
        thread.start()
    finally:
        threading.stack_size(before)
    thread.join()
    return found[0] if found else None


def _is_accepted(text: str) -> bool:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of the target's code, not of ours
            ast.parse(text)
    except (SyntaxError, ValueError):
        return False
    return True
