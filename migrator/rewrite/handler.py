"""The parameter `background_tasks: BackgroundTasks` of a FastAPI handler."""

from __future__ import annotations

import libcst as cst
import libcst.matchers as m

from migrator.rewrite.arguments import FOUR_SPACES, LINE_LENGTH, NO_SPACE

NAME = "background_tasks"
KIND = "BackgroundTasks"
INDENT = 4
# Only these get the parameter filled in, and their tasks run, by FastAPI.
VERBS = frozenset({"get", "post", "put", "patch", "delete", "head", "options"})
ROUTES = VERBS | {"api_route", "trace"}


def is_handler(function: cst.FunctionDef) -> bool:
    """Whether a decorator such as `@router.post(...)` stands at the function."""
    return any(
        isinstance(decorator.decorator, cst.Call)
        and isinstance(decorator.decorator.func, cst.Attribute)
        and decorator.decorator.func.attr.value in ROUTES
        for decorator in function.decorators
    )


def parameter_name(function: cst.FunctionDef) -> str:
    """The name of the parameter that the handler has already, else ""."""
    params = function.params
    for param in (*params.posonly_params, *params.params, *params.kwonly_params):
        if param.annotation is None:
            continue
        kind = param.annotation.annotation
        if m.matches(kind, m.Name(KIND) | m.Attribute(attr=m.Name(KIND))):
            return param.name.value
    return ""


def mentions(function: cst.FunctionDef, name: str) -> bool:
    """Whether the name means something in the function already."""
    return bool(m.findall(function, m.Name(name)))


def with_parameter(function: cst.FunctionDef) -> cst.FunctionDef:
    """The handler with the parameter before its first one that has a default."""
    params = list(function.params.params)
    at = next((i for i, p in enumerate(params) if p.default is not None), len(params))
    added = cst.Param(cst.Name(NAME), cst.Annotation(cst.Name(KIND)))
    is_last = at == len(params)
    if params and is_last:
        last = params[-1]
        added = added.with_changes(
            comma=last.comma, whitespace_after_param=last.whitespace_after_param
        )
        params[-1] = last.with_changes(
            comma=_separator(function), whitespace_after_param=NO_SPACE
        )
    elif params:
        added = added.with_changes(comma=_separator(function))
    params.insert(at, added)
    changed = function.with_changes(params=function.params.with_changes(params=params))
    return _fitted(changed)


def _separator(function: cst.FunctionDef) -> cst.Comma:
    """The comma between the parameters, or one as their layout asks for."""
    first = function.params.params[0].comma
    if len(function.params.params) > 1 and isinstance(first, cst.Comma):
        return first
    before = function.whitespace_before_params
    if isinstance(before, cst.ParenthesizedWhitespace):
        return cst.Comma(
            whitespace_after=cst.ParenthesizedWhitespace(
                indent=True, last_line=before.last_line
            )
        )
    return cst.Comma(whitespace_after=cst.SimpleWhitespace(" "))


def _fitted(function: cst.FunctionDef) -> cst.FunctionDef:
    """The parameters below the name where the one line would be too long.

    On one line of their own if they fit, else each on its own, as formatters do it.
    """
    params = function.params
    others = (params.kwonly_params, params.star_kwarg, params.posonly_params)
    is_plain = not any(others) and not isinstance(params.star_arg, cst.Param)
    head = _head(function)
    if "\n" in head or len(head) <= LINE_LENGTH or not is_plain:
        return function
    line = cst.ParenthesizedWhitespace(indent=True, last_line=FOUR_SPACES)
    closing = cst.ParenthesizedWhitespace(indent=True)
    *first, last = params.params
    inner = head[head.index("(") + 1 : head.rindex(")")]
    if len(inner) + INDENT > LINE_LENGTH:
        comma = cst.Comma(whitespace_after=line)
        first = [param.with_changes(comma=comma) for param in first]
        last = last.with_changes(comma=cst.Comma(whitespace_after=closing))
    else:
        last = last.with_changes(
            comma=cst.MaybeSentinel.DEFAULT, whitespace_after_param=closing
        )
    return function.with_changes(
        whitespace_before_params=line,
        params=params.with_changes(params=[*first, last]),
    )


def _head(function: cst.FunctionDef) -> str:
    """The source from `def` to the colon."""
    bare = function.with_changes(
        decorators=[],
        leading_lines=[],
        lines_after_decorators=[],
        body=cst.SimpleStatementSuite([cst.Pass()]),
    )
    return cst.Module([]).code_for_node(bare).removesuffix(" pass\n")
