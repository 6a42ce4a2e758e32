"""Starts the shim's runner with a FastAPI application, and includes its health."""

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
