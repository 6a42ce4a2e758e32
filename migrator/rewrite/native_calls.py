"""`f.delay(x)` and `f.apply_async((x,))` as calls that need no task: f(x), add_task."""

from __future__ import annotations

import keyword as words

import libcst as cst
import libcst.matchers as m

from migrator.rewrite.arguments import fitted, keyword, prepend

SENDING = frozenset({"delay", "apply_async"})
# `BackgroundTasks.add_task(func, *args, **kwargs)` keeps these names for itself.
TAKEN_BY_ADD_TASK = frozenset({"func", "self"})


class NotNativeError(Exception):
    """The call cannot be written without the task; the message says why."""


def is_sending(call: cst.Call) -> bool:
    """Whether it is a call of `.delay` or `.apply_async`."""
    return isinstance(call.func, cst.Attribute) and call.func.attr.value in SENDING


def direct(call: cst.Call, column: int) -> cst.Call:
    """The function called at once. `column` is where the call begins."""
    function = cst.ensure_type(call.func, cst.Attribute)
    if function.attr.value == "delay":
        return call.with_changes(func=function.value)
    plain = cst.Call(
        func=function.value, args=_arguments(call), lpar=call.lpar, rpar=call.rpar
    )
    return fitted(plain, column)


def background(call: cst.Call, column: int, tasks: str) -> cst.Call:
    """`tasks.add_task(f, ...)`: the function called after the answer."""
    plain = direct(call, column)
    names = {arg.keyword.value for arg in plain.args if arg.keyword}
    if taken := names & TAKEN_BY_ADD_TASK:
        raise NotNativeError(f"add_task has a parameter {min(taken)!r} of its own")
    added = prepend(plain, cst.Arg(plain.func))
    method = cst.Attribute(cst.Name(tasks), cst.Name("add_task"))
    return fitted(added.with_changes(func=method), column)


def _arguments(call: cst.Call) -> list[cst.Arg]:
    """The arguments of the task, out of `args` and `kwargs` of apply_async."""
    if m.findall(call, m.Comment()):
        raise NotNativeError("comments stand between its arguments")
    positional, named = _given(call)
    found = []
    if positional is not None and not m.matches(positional, m.Name("None")):
        found += _positional(positional)
    if named is not None and not m.matches(named, m.Name("None")):
        found += _named(named)
    return found


def _given(call: cst.Call) -> tuple[cst.BaseExpression | None, ...]:
    """What is given for `args` and `kwargs`, by place or by name."""
    given: dict[str, cst.BaseExpression] = {}
    places = iter(("args", "kwargs"))
    for arg in call.args:
        name = arg.keyword.value if arg.keyword else next(places, "")
        if arg.star or not name:
            raise NotNativeError("its arguments are not written out")
        given[name] = arg.value
    return given.get("args"), given.get("kwargs")


def _positional(node: cst.BaseExpression) -> list[cst.Arg]:
    if not isinstance(node, cst.Tuple | cst.List):
        raise NotNativeError("its `args` are not written out")
    return [
        cst.Arg(
            element.value,
            star="*" if isinstance(element, cst.StarredElement) else "",
        )
        for element in node.elements
    ]


def _named(node: cst.BaseExpression) -> list[cst.Arg]:
    if isinstance(node, cst.Call) and m.matches(node.func, m.Name("dict")):
        if any(not arg.keyword and arg.star != "**" for arg in node.args):
            raise NotNativeError("its `kwargs` are not written out")
        bare = cst.MaybeSentinel.DEFAULT
        return [arg.with_changes(comma=bare) for arg in node.args]
    if not isinstance(node, cst.Dict):
        raise NotNativeError("its `kwargs` are not written out")
    return [_item(element) for element in node.elements]


def _item(element: cst.BaseDictElement) -> cst.Arg:
    if isinstance(element, cst.StarredDictElement):
        return cst.Arg(element.value, star="**")
    element = cst.ensure_type(element, cst.DictElement)
    key = element.key
    name = key.evaluated_value if isinstance(key, cst.SimpleString) else None
    if not isinstance(name, str) or not name.isidentifier() or words.iskeyword(name):
        raise NotNativeError("a key of its `kwargs` is no written-out name")
    return keyword(name, element.value)
