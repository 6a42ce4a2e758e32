"""The pydantic body of an endpoint, from the signature of the task."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from migrator.render.background_names import (
    DEEPEST,
    NEWER,
    NEWER_IMPORTS,
    VALUES,
    Import,
    Module,
    Modules,
    source_root,
)
from migrator.render.literals import expression, python

if TYPE_CHECKING:
    from collections.abc import Callable

    from migrator.model import Parameter, TaskDefinition

BUILTINS = frozenset(
    {"int", "str", "float", "bool", "list", "dict", "set", "tuple", "frozenset"}
)
# Names that pydantic's BaseModel has itself.
TAKEN_FIELDS = frozenset(
    {"copy", "dict", "json", "schema", "schema_json", "construct", "validate"}
    | {"parse_obj", "parse_raw", "parse_file", "from_orm", "update_forward_refs"}
)


class NoBodyError(ValueError):
    """No body can be made from the signature; the message says which part."""


@dataclass(frozen=True, slots=True)
class Body:
    """Source text of the fields, of the arguments of the call, and its imports."""

    fields: tuple[str, ...] = ()
    arguments: tuple[str, ...] = ()
    imports: tuple[Import, ...] = ()
    only_types: frozenset[Import] = frozenset()  # named in annotations only
    has_aliases: bool = False


def body_of(
    definition: TaskDefinition,
    read: Callable[[str], bytes | None],
    taken: frozenset[str] = frozenset(),
) -> Body:
    """The body of a call of the task; NoBodyError where there can be none.

    Names that mean something else in the generated module are `taken`.
    """
    path = definition.location.path
    modules = Modules(source_root(path, definition.module), read)
    module = modules.get(definition.module)
    if module is None:
        raise NoBodyError(f"its module {definition.module} could not be read")
    names = _Names(modules, module, taken)
    made = [_Field(parameter, names) for parameter in definition.given_parameters]
    return Body(
        fields=tuple(one.source() for one in made),
        arguments=tuple(one.argument for one in made),
        imports=tuple(sorted(names.used)),
        only_types=frozenset(names.used - names.in_values),
        has_aliases=any(one.is_aliased for one in made),
    )


class _Field:
    def __init__(self, parameter: Parameter, names: _Names) -> None:
        if parameter.kind.startswith("var-"):
            stars = "*" if parameter.kind == "var-positional" else "**"
            raise NoBodyError(f"`{stars}{parameter.name}` has no fixed shape")
        self._parameter = parameter
        self._names = names
        self.is_aliased = _clashes(parameter.name)
        self.name = f"{parameter.name.strip('_')}_" if self.is_aliased else ""
        self.name = self.name or parameter.name

    @property
    def argument(self) -> str:
        value = f"arguments.{self.name}"
        if self._parameter.kind == "positional-only":
            return value
        return f"{self._parameter.name}={value}"

    def source(self) -> str:
        """`name: annotation = default`, as a formatter would write it."""
        annotation, default = self._annotation(), self._default()
        line = f"{self.name}: {annotation}"
        if self.is_aliased:
            alias = python(self._parameter.name)
            known = f"default={default}, " if default else ""
            return f"{line} = Field({known}alias={alias})"
        if not default:
            return line
        return f"{line} = {expression(default, 4, len(line) + 3)}"

    def _annotation(self) -> str:
        given = self._parameter
        if not given.annotation:
            return self._names.typing("Any")
        try:
            text = self._names.annotation(_parsed(given.annotation))
        except NoBodyError as error:
            message = f"`{given.name}: {given.annotation}`: {error}"
            raise NoBodyError(message) from error
        # `x: int = None` means that None may come, whatever the annotation says.
        is_optional = any(word in text for word in ("None", "Optional", "Any"))
        return f"{text} | None" if given.default == "None" and not is_optional else text

    def _default(self) -> str:
        text = self._parameter.default
        if text is None:
            return ""
        try:
            return self._names.value(_parsed(text))
        except NoBodyError as error:
            message = f"the default of `{self._parameter.name}`: {error}"
            raise NoBodyError(message) from error


def _clashes(name: str) -> bool:
    return name in TAKEN_FIELDS or name.startswith(("_", "model_"))


def _parsed(text: str) -> ast.expr:
    try:
        return ast.parse(text, mode="eval").body
    except SyntaxError as error:
        raise NoBodyError(f"{text!r} is no expression") from error


@dataclass
class _Names:
    """Checks expressions of a signature, and gathers what they need imported."""

    modules: Modules
    module: Module
    taken: frozenset[str]
    used: set[Import] = field(default_factory=set)
    in_values: set[Import] = field(default_factory=set)  # needed at run time

    def typing(self, name: str) -> str:
        self.used.add(Import("typing", name, name))
        return name

    def annotation(self, node: ast.expr, depth: int = 0) -> str:
        """The source of a type that comes through JSON; NoBodyError if it does not."""
        if depth > DEEPEST:
            raise NoBodyError("too deeply nested")
        if isinstance(node, ast.Constant):
            return self._constant(node, depth)
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
            left = self.annotation(node.left, depth + 1)
            return f"{left} | {self.annotation(node.right, depth + 1)}"
        if isinstance(node, ast.Subscript):
            return self._subscript(node, depth)
        if isinstance(node, ast.Name | ast.Attribute):
            return self._type(node, depth)
        raise NoBodyError(f"`{ast.unparse(node)}` is no type that JSON can carry")

    def _constant(self, node: ast.Constant, depth: int) -> str:
        if node.value is None or node.value is Ellipsis:
            return ast.unparse(node)
        if isinstance(node.value, str):  # a forward reference
            return self.annotation(_parsed(node.value), depth + 1)
        raise NoBodyError(f"`{ast.unparse(node)}` is no type")

    def _subscript(self, node: ast.Subscript, depth: int) -> str:
        outer = self.module.full_name(node.value)
        items = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        if outer == "typing.Annotated":
            return self.annotation(items[0], depth + 1)
        if outer == "typing.Literal":
            return f"{self.typing('Literal')}[{', '.join(map(_flat, items))}]"
        inner = [self.annotation(item, depth + 1) for item in items]
        if outer == "typing.Optional":
            return f"{inner[0]} | None"
        if outer == "typing.Union":
            return " | ".join(inner)
        return f"{self.annotation(node.value, depth + 1)}[{', '.join(inner)}]"

    def _type(self, node: ast.Name | ast.Attribute, depth: int) -> str:
        text, dotted = ast.unparse(node), self.module.full_name(node)
        first = text.partition(".")[0]
        owner, _, name = dotted.rpartition(".")
        is_bound = first in self.module.imports or first in self.module.classes
        if first in BUILTINS and not is_bound:
            return text
        if dotted in NEWER:
            return NEWER[dotted]
        if dotted in NEWER_IMPORTS:
            self.used.add(Import(NEWER_IMPORTS[dotted], name, name))
            return name
        is_value = name in VALUES.get(owner, ())
        if is_value or owner.partition(".")[0] == "pydantic":
            return self._imported(first, text)
        home = self.modules.get(owner) if owner else None
        if home is not None and name in home.values:  # an alias
            elsewhere = _Names(self.modules, home, self.taken)
            elsewhere.annotation(home.values[name], depth + 1)
            return self._imported(first, text)
        if home is not None and self.modules.is_model(home, name):
            return self._imported(first, text)
        known = f"{home.path} has" if home is not None else "there is"
        raise NoBodyError(
            f"{known} no pydantic model, dataclass, enum or TypedDict {text!r}"
        )

    def _imported(self, first: str, text: str) -> str:
        known = self.module.imports.get(first, Import(self.module.name, first, first))
        if known.bound not in self.taken:
            self.used.add(known)
            return text
        other = f"Task{known.bound[:1].upper()}{known.bound[1:]}"
        self.used.add(Import(known.module, known.name, other))
        return other + text.removeprefix(first)

    def value(self, node: ast.expr) -> str:
        """The source of a default value, which may name constants of the module."""
        for part in ast.walk(node):
            if isinstance(part, ast.Lambda | ast.Await | ast.NamedExpr | ast.Subscript):
                raise NoBodyError(f"`{ast.unparse(node)}` is no plain value")
        names = {part.id for part in ast.walk(node) if isinstance(part, ast.Name)}
        for name in sorted(names):
            is_bound = name in self.module.imports or name in self.module.values
            if not is_bound and name not in self.module.classes:
                raise NoBodyError(f"`{name}` is no name of its module")
            if name in self.taken:
                raise NoBodyError(f"`{name}` means something else in the endpoint")
            self._imported(name, name)
            own = Import(self.module.name, name, name)
            self.in_values.add(self.module.imports.get(name, own))
        return _flat(node)


def _flat(node: ast.expr) -> str:
    return expression(ast.unparse(node), 0, -10_000)
