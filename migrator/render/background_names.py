"""What the names in a task's signature mean, from the imports of its module."""

from __future__ import annotations

import ast
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence

DEEPEST = 8  # aliases and base classes are followed so far
VALUES = {
    "datetime": {"datetime", "date", "time", "timedelta"},
    "uuid": {"UUID"},
    "decimal": {"Decimal"},
    "collections.abc": {"Sequence", "Mapping"},
    "typing": {"Any", "Literal"},
}
# How what has a newer spelling is written.
NEWER = {
    "typing.List": "list",
    "typing.Dict": "dict",
    "typing.Set": "set",
    "typing.FrozenSet": "frozenset",
    "typing.Tuple": "tuple",
}
NEWER_IMPORTS = {
    "typing.Sequence": "collections.abc",
    "typing.Mapping": "collections.abc",
}
MODEL_BASES = {
    "pydantic.BaseModel",
    "pydantic.RootModel",
    "enum.Enum",
    "enum.IntEnum",
    "enum.StrEnum",
    "typing.TypedDict",
    "typing_extensions.TypedDict",
    "typing.NamedTuple",
}
MODEL_DECORATORS = {"dataclasses.dataclass", "pydantic.dataclasses.dataclass"}


@dataclass(frozen=True, slots=True, order=True)
class Import:
    """`from module import name`, or `import module` where the name is empty."""

    module: str
    name: str = ""
    bound: str = ""

    @property
    def line(self) -> str:
        what = f"from {self.module} import {self.name}" if self.name else ""
        what = what or f"import {self.module}"
        is_renamed = self.bound not in {"", self.name, self.module}
        return f"{what} as {self.bound}" if is_renamed else what


@dataclass(frozen=True)
class Module:
    """A module of the project: what its top-level names are bound to."""

    name: str
    path: str
    imports: dict[str, Import] = field(default_factory=dict)
    classes: dict[str, ast.ClassDef] = field(default_factory=dict)
    values: dict[str, ast.expr] = field(default_factory=dict)

    def full_name(self, expression: ast.expr) -> str:
        """Dotted name of `x` or `x.y`, its first part resolved; else an empty text."""
        words = []
        while isinstance(expression, ast.Attribute):
            words.append(expression.attr)
            expression = expression.value
        if not isinstance(expression, ast.Name):
            return ""
        known = self.imports.get(expression.id)
        first = f"{self.name}.{expression.id}"
        if known is not None:
            first = f"{known.module}.{known.name}".rstrip(".")
        return ".".join([first, *reversed(words)])


@dataclass(frozen=True)
class Modules:
    """Reads modules of the project. `read` gives the bytes at a path, or None."""

    source_root: str
    read: Callable[[str], bytes | None]

    def get(self, name: str) -> Module | None:
        """None: no module of the project, or one that cannot be parsed."""
        folder = f"{self.source_root}/" if self.source_root else ""
        stem = folder + name.replace(".", "/")
        for path in (f"{stem}.py", f"{stem}/__init__.py"):
            content = self.read(path)
            if content is None:
                continue
            try:
                tree = ast.parse(content)
            except (SyntaxError, ValueError):
                return None
            return _module(name, path, tree)
        return None

    def is_model(self, module: Module, name: str, depth: int = 0) -> bool:
        """Whether pydantic can build the class from JSON, as far as can be seen."""
        node = module.classes.get(name)
        if node is None or depth > DEEPEST:
            return False
        decorators = [
            module.full_name(d.func if isinstance(d, ast.Call) else d)
            for d in node.decorator_list
        ]
        bases = [module.full_name(base) for base in node.bases]
        if MODEL_DECORATORS & set(decorators) or MODEL_BASES & set(bases):
            return True
        return any(self._is_model_elsewhere(base, depth) for base in bases)

    def _is_model_elsewhere(self, dotted: str, depth: int) -> bool:
        owner, _, name = dotted.rpartition(".")
        module = self.get(owner) if owner else None
        return module is not None and self.is_model(module, name, depth + 1)


def source_root(path: str, module: str) -> str:
    """The folder that is on sys.path when `path` is imported as `module`."""
    stem = path.removesuffix(".py").removesuffix("/__init__")
    return stem.removesuffix(module.replace(".", "/")).rstrip("/")


def _module(name: str, path: str, tree: ast.Module) -> Module:
    made = Module(name, path)
    package = name if path.endswith("__init__.py") else name.rpartition(".")[0]
    for statement in _statements(tree.body):
        if isinstance(statement, ast.Import | ast.ImportFrom):
            made.imports.update(_bound_by(statement, package))
        elif isinstance(statement, ast.ClassDef):
            made.classes[statement.name] = statement
        else:
            made.values.update(_assigned_by(statement))
    return made


def _assigned_by(statement: ast.stmt) -> Iterator[tuple[str, ast.expr]]:
    targets: list[ast.expr] = []
    if isinstance(statement, ast.Assign):
        targets = statement.targets
    elif isinstance(statement, ast.AnnAssign):
        targets = [statement.target]
    value = getattr(statement, "value", None)
    for target in targets:
        if isinstance(target, ast.Name) and value is not None:
            yield target.id, value


def _bound_by(
    statement: ast.Import | ast.ImportFrom, package: str
) -> Iterator[tuple[str, Import]]:
    if isinstance(statement, ast.ImportFrom):
        origin = _absolute(statement, package)
        for alias in statement.names:
            bound = alias.asname or alias.name
            yield bound, Import(origin, alias.name, bound)
        return
    for alias in statement.names:
        bound = alias.asname or alias.name.partition(".")[0]
        yield bound, Import(alias.name if alias.asname else bound, "", bound)


def _statements(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """Those of the top level, and of the `if` and `try` blocks there."""
    for statement in body:
        if isinstance(statement, ast.If | ast.Try):
            yield from _statements(statement.body)
            yield from _statements(statement.orelse)
        else:
            yield statement


def _absolute(statement: ast.ImportFrom, package: str) -> str:
    if not statement.level:
        return statement.module or ""
    parts = package.split(".")
    parts = parts[: len(parts) - statement.level + 1]
    return ".".join([*parts, *([statement.module] if statement.module else [])])


WIDTH = 88


def import_lines(
    imports: Sequence[Import],
    project: Collection[str],
    only_types: Collection[Import] = (),
) -> str:
    """Import statements in three blocks, as a formatter sorts them.

    `project` holds the top-level names that are the project's own. A statement of
    nothing but types is marked: pydantic needs at run time what looks unneeded.
    """
    blocks: dict[int, list[str]] = {0: [], 1: [], 2: []}
    plain = sorted({one for one in imports if not one.name})
    modules = sorted({one.module for one in imports if one.name})
    for one in plain:
        block = _block(one.module, project)
        blocks[block].append(one.line + _mark(block, is_types=one in only_types))
    for module in modules:
        block = _block(module, project)
        chosen = [one for one in imports if one.module == module and one.name]
        is_types = all(one in only_types for one in chosen)
        is_marked = is_types and module not in {"typing", "typing_extensions"}
        mark = _mark(block, is_types=is_marked)
        blocks[block] += _from(module, sorted(set(chosen), key=_order), mark)
    return "\n\n".join("\n".join(lines) for lines in blocks.values() if lines)


def _mark(block: int, *, is_types: bool) -> str:
    return f"  # noqa: TC00{3 - block} - pydantic reads it" if is_types else ""


def _block(module: str, project: Collection[str]) -> int:
    top = module.partition(".")[0]
    if top in project:
        return 2
    return 0 if top in sys.stdlib_module_names else 1


def _order(one: Import) -> tuple[int, str]:
    kind = 0 if one.name.isupper() else 1 if one.name[:1].isupper() else 2
    return kind, one.name


def _from(module: str, chosen: Sequence[Import], mark: str) -> list[str]:
    renamed = [one.line for one in chosen if one.bound != one.name]
    names = [one.name for one in chosen if one.bound == one.name]
    if not names:
        return renamed
    line = f"from {module} import {', '.join(names)}"
    if len(line) > WIDTH:
        inner = "".join(f"    {name},\n" for name in names)
        return [f"from {module} import ({mark}\n{inner})", *renamed]
    return [line + mark, *renamed]
