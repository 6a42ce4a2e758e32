"""Adds the imports that an edit needs, and takes out those that it made unused."""

from __future__ import annotations

from typing import TYPE_CHECKING

import libcst as cst
from libcst.helpers import get_full_name_for_node_or_raise, parse_template_statement

from migrator.rewrite.arguments import LINE_LENGTH
from migrator.rewrite.elements import merged
from migrator.rewrite.import_order import Import, is_import_line
from migrator.rewrite.names import names_in_use
from migrator.rewrite.statements import without_statements

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from migrator.rewrite.edits import WantedImport
    from migrator.rewrite.import_order import ImportOrder


def settle_imports(
    before: cst.Module,
    after: cst.Module,
    wanted: Sequence[WantedImport],
    order: ImportOrder,
    *,
    may_remove: bool,
    spared: Collection[str] = (),
) -> cst.Module:
    """The edited module with the wanted imports in, and orphaned ones out.

    An import of Celery that loses its last name gives its line to the first wanted
    one where that is its place, so that the common edit changes one line. With
    `may_remove` False (a package's `__init__`, whose names others import) nothing is
    taken out; nor are the `spared` names.
    """
    missing = [w for w in wanted if not _has(after, w)]
    orphans = names_in_use(before) - names_in_use(after) if may_remove else set()
    orphans -= set(spared)
    body = list(after.body)
    empty = []
    for index, line, statement in _plain_imports(after):
        remaining = _without_names(statement, orphans)
        if remaining is None and missing and _is_celery(statement):
            new = _statement(missing[0])
            has_comment = line.trailing_whitespace.comment is not None
            if has_comment or order.keeps_order(after.body, index, new):
                remaining = new
                missing.pop(0)
        if remaining is None:
            empty.append(line)
        elif remaining is not statement:
            body[index] = line.with_changes(body=[remaining])
    trimmed = without_statements(after.with_changes(body=body), empty)
    trimmed = cst.ensure_type(trimmed.visit(_LocalImports(orphans)), cst.Module)
    return _inserted(trimmed, missing, order)


class _LocalImports(cst.CSTTransformer):
    """Takes orphaned names out of the imports inside functions."""

    def __init__(self, orphans: Collection[str]) -> None:
        super().__init__()
        self._orphans = orphans
        self._functions = 0

    def visit_FunctionDef(self, node: cst.FunctionDef) -> None:  # noqa: N802 - LibCST's name
        del node
        self._functions += 1

    def leave_FunctionDef(  # noqa: N802 - LibCST's name
        self, original_node: cst.FunctionDef, updated_node: cst.FunctionDef
    ) -> cst.FunctionDef:
        del original_node
        self._functions -= 1
        return updated_node

    def leave_IndentedBlock(  # noqa: N802 - LibCST's name
        self, original_node: cst.IndentedBlock, updated_node: cst.IndentedBlock
    ) -> cst.IndentedBlock:
        del original_node
        if not self._functions or not self._orphans:
            return updated_node
        body = list(updated_node.body)
        empty = []
        for index, line, statement in _plain_imports(updated_node):
            remaining = _without_names(statement, self._orphans)
            if remaining is None:
                empty.append(line)
            elif remaining is not statement:
                body[index] = line.with_changes(body=[remaining])
        return without_statements(updated_node.with_changes(body=body), empty)


def bound_names(module: cst.Module) -> set[str]:
    """Names that the module's own statements bind or mention, imports included."""
    names = names_in_use(module)
    for _, _, statement in _plain_imports(module):
        names.update(_bound(alias) for alias in _aliases(statement))
    return names


def _plain_imports(
    module: cst.Module | cst.IndentedBlock,
) -> Iterator[tuple[int, cst.SimpleStatementLine, Import]]:
    """Import statements of a body that stand alone on their line, without a star."""
    for index, line in enumerate(module.body):
        if not isinstance(line, cst.SimpleStatementLine) or len(line.body) != 1:
            continue
        statement = line.body[0]
        if isinstance(statement, cst.Import | cst.ImportFrom) and not _is_star(
            statement
        ):
            yield index, line, statement


def _is_star(statement: Import) -> bool:
    return isinstance(statement.names, cst.ImportStar)


def _aliases(statement: Import) -> Sequence[cst.ImportAlias]:
    names = statement.names
    return () if isinstance(names, cst.ImportStar) else names


def _bound(alias: cst.ImportAlias) -> str:
    """The name that an alias binds: `b` of `a as b`, `a` of `a.b`."""
    if alias.asname is not None:
        return get_full_name_for_node_or_raise(alias.asname.name)
    return get_full_name_for_node_or_raise(alias.name).split(".")[0]


def _without_names(statement: Import, orphans: Collection[str]) -> Import | None:
    """The statement without orphaned names; itself if none is, None if all are."""
    aliases = _aliases(statement)
    kept = [alias for alias in aliases if _bound(alias) not in orphans]
    if len(kept) == len(aliases):
        return statement
    if isinstance(statement, cst.ImportFrom) and _is_future(statement):
        return statement
    if not kept:
        return None
    if kept[-1] is aliases[-1]:
        return statement.with_changes(names=kept)
    return _with_last(statement, kept, aliases[-1])


def _with_last(
    statement: Import, kept: list[cst.ImportAlias], removed: cst.ImportAlias
) -> Import:
    """The statement whose last name is gone: the one before ends as that one did."""
    last = kept[-1]
    is_broken = isinstance(last.comma, cst.Comma) and isinstance(
        last.comma.whitespace_after, cst.ParenthesizedWhitespace
    )
    if not is_broken or not isinstance(removed.comma, cst.Comma):
        kept[-1] = last.with_changes(comma=removed.comma)
        return statement.with_changes(names=kept)
    comma = cst.ensure_type(last.comma, cst.Comma)
    space = merged(comma.whitespace_after, removed.comma.whitespace_after)
    kept[-1] = last.with_changes(comma=comma.with_changes(whitespace_after=space))
    return statement.with_changes(names=kept)


def _is_celery(statement: Import) -> bool:
    if isinstance(statement, cst.Import):
        return any(_bound(alias) == "celery" for alias in statement.names)
    return statement.module is not None and (
        get_full_name_for_node_or_raise(statement.module).split(".")[0] == "celery"
    )


def _is_future(statement: cst.ImportFrom) -> bool:
    return (
        statement.module is not None
        and get_full_name_for_node_or_raise(statement.module) == "__future__"
    )


def _has(module: cst.Module, wanted: WantedImport) -> bool:
    for _, _, statement in _plain_imports(module):
        if not isinstance(statement, cst.ImportFrom) or statement.module is None:
            continue
        if statement.relative:
            continue
        if get_full_name_for_node_or_raise(statement.module) == wanted.module and any(
            get_full_name_for_node_or_raise(alias.name) == wanted.name
            and _bound(alias) == wanted.bound
            for alias in _aliases(statement)
        ):
            return True
    return False


def _line(wanted: WantedImport) -> cst.SimpleStatementLine:
    renamed = f" as {wanted.alias}" if wanted.alias else ""
    text = f"from {wanted.module} import {wanted.name}{renamed}"
    parsed = parse_template_statement(text)
    return cst.ensure_type(parsed, cst.SimpleStatementLine)


def _statement(wanted: WantedImport) -> Import:
    return cst.ensure_type(_line(wanted).body[0], cst.ImportFrom)


def _inserted(
    module: cst.Module, wanted: Sequence[WantedImport], order: ImportOrder
) -> cst.Module:
    alone = []
    for one in wanted:
        joined = _joined(module, one)
        if joined is None:
            alone.append(one)
        else:
            module = joined
    if not alone:
        return module
    body = list(module.body)
    end = _end_of_imports(module)
    for number, one in enumerate(sorted(alone, key=lambda one: one.module)):
        order.insert(body, end + number, _line(one))
    return module.with_changes(body=body)


def _joined(module: cst.Module, wanted: WantedImport) -> cst.Module | None:
    """The name in an import that the module has from there; None where none is fit."""
    for index, line, statement in _plain_imports(module):
        if isinstance(statement, cst.ImportFrom) and _imports_from(statement, wanted):
            longer = line.with_changes(body=[_with_name(statement, wanted)])
            text = module.code_for_node(longer.with_changes(leading_lines=[]))
            if max(map(len, text.splitlines())) > LINE_LENGTH:
                continue
            body = list(module.body)
            body[index] = longer
            return module.with_changes(body=body)
    return None


def _imports_from(statement: cst.ImportFrom, wanted: WantedImport) -> bool:
    return (
        not wanted.alias
        and not statement.relative
        and statement.module is not None
        and get_full_name_for_node_or_raise(statement.module) == wanted.module
        and (statement.lpar is None or len(_aliases(statement)) > 1)
    )


def _with_name(statement: cst.ImportFrom, wanted: WantedImport) -> cst.ImportFrom:
    """Before the first name that sorts after it, in the layout that is there."""
    aliases = list(_aliases(statement))
    comma = aliases[0].comma
    if not isinstance(comma, cst.Comma):
        comma = cst.Comma(whitespace_after=cst.SimpleWhitespace(" "))
    names = [get_full_name_for_node_or_raise(alias.name) for alias in aliases]
    at = next((i for i, name in enumerate(names) if name > wanted.name), len(names))
    added = cst.ImportAlias(cst.Name(wanted.name), comma=comma)
    if at == len(aliases):
        added = added.with_changes(comma=aliases[-1].comma)
        aliases[-1] = aliases[-1].with_changes(comma=comma)
    aliases.insert(at, added)
    return statement.with_changes(names=aliases)


def names_from(module: cst.Module, package: str) -> set[str]:
    """The names that plain imports bind to something of a package."""
    return {
        _bound(alias)
        for _, _, statement in _plain_imports(module)
        if isinstance(statement, cst.ImportFrom)
        and statement.module is not None
        and _is_within(get_full_name_for_node_or_raise(statement.module), package)
        for alias in _aliases(statement)
    }


def _is_within(module: str, package: str) -> bool:
    return module == package or module.startswith(f"{package}.")


def _end_of_imports(module: cst.Module) -> int:
    """The index after the block of imports at the head, or after the docstring."""
    places = [index for index, _, _ in _plain_imports(module)]
    end = 1 if module.get_docstring() is not None else 0
    for index in places:
        if all(_may_stand_before(line) for line in module.body[end:index]):
            end = index + 1
    return end


def _may_stand_before(line: cst.CSTNode) -> bool:
    """Conditional imports may stand between others; code that runs may not."""
    return isinstance(line, cst.If | cst.Try) or is_import_line(line)
