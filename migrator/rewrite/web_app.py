"""Starts the shim's runner with a FastAPI application, or takes that out again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import libcst as cst

from migrator.rewrite.arguments import append, keyword

if TYPE_CHECKING:
    from migrator.rewrite.edits import WebAppEdit


def with_lifespan(call: cst.Call, edit: WebAppEdit) -> cst.Call:
    """`FastAPI(lifespan=x)` -> `FastAPI(lifespan=shim_lifespan(x))`."""
    own = cst.Name(edit.lifespan)
    for index, argument in enumerate(call.args):
        if argument.keyword is not None and argument.keyword.value == "lifespan":
            wrapped = cst.Call(func=own, args=[cst.Arg(argument.value)])
            args = list(call.args)
            args[index] = argument.with_changes(value=wrapped)
            return call.with_changes(args=args)
    return append(call, keyword("lifespan", own))


def without_lifespan(call: cst.Call) -> cst.Call | None:
    """`FastAPI(lifespan=shim_lifespan(x))` -> `FastAPI(lifespan=x)`; None without."""
    for index, argument in enumerate(call.args):
        if argument.keyword is None or argument.keyword.value != "lifespan":
            continue
        args = list(call.args)
        if isinstance(argument.value, cst.Call) and len(argument.value.args) == 1:
            inner = argument.value.args[0].value
            args[index] = argument.with_changes(value=inner)
            return call.with_changes(args=args)
        return call.with_changes(args=_without(args, index))
    return None


def _without(args: list[cst.Arg], index: int) -> list[cst.Arg]:
    """The arguments less one; the last keeps what stood before the bracket."""
    gone = args.pop(index)
    if args and index == len(args):
        args[-1] = args[-1].with_changes(
            comma=gone.comma, whitespace_after_arg=gone.whitespace_after_arg
        )
    return args


def assigned_name(statement: cst.SimpleStatementLine) -> cst.BaseExpression | None:
    """`app` of `app = FastAPI(...)`, annotated or not; None for any other shape."""
    if len(statement.body) != 1:
        return None
    small = statement.body[0]
    if isinstance(small, cst.Assign) and len(small.targets) == 1:
        return small.targets[0].target
    if isinstance(small, cst.AnnAssign):
        return small.target
    return None


def include_health(app: cst.BaseExpression, router: str) -> cst.SimpleStatementLine:
    """`app.include_router(router)`."""
    call = cst.Call(
        func=cst.Attribute(app.deep_clone(), cst.Name("include_router")),
        args=[cst.Arg(cst.Name(router))],
    )
    return cst.SimpleStatementLine([cst.Expr(call)])
