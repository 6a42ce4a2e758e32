"""Who may import whom, what an import loads, and that no import runs in a circle."""

from __future__ import annotations

import ast
import subprocess
import sys
from functools import cache, cached_property
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FOUNDATION = {"model", "errors", "_version", "reading", "shipped", "shown", "wording"}
# stage: the other rooms of `migrator` that it may import, besides the foundation.
ALLOWED = {
    "config": set(),
    "git": set(),
    "project": {"git"},
    "scan": {"project"},
    "classify": {"config"},
    "schedules": set(),
    "plan": set(),
    "rewrite": set(),
    "application": set(),
    "render": {"application", "schedules"},
    "finish": set(),
    "finishing": {"finish", "pipeline", "plan", "rewrite"},
    "apply": {"git"},
    "verify": {"git", "project", "schedules"},
    "operate": {"project", "schedules"},
    "report": {
        "apply",
        "finishing",
        "pipeline",
        "schedules",
        "classify",
        "status",
        "verify",
    },
    "status": set(),
    "live": {"application", "operate", "pipeline"},
    "vendoring": set(),
    "verification": {
        "apply",
        "pipeline",
        "project",
        "scan",
        "schedules",
        "verify",
    },
    "pipeline": {
        "application",
        "classify",
        "config",
        "operate",
        "plan",
        "project",
        "render",
        "rewrite",
        "scan",
        "schedules",
        "vendoring",
    },
}
# library: the rooms that may import it.
ONLY_IN = {
    "libcst": {"rewrite", "scan"},
    "jinja2": {"render"},
    "rich": {"report", "cli"},
    "click": {"cli", "report"},
    "tomlkit": {"plan", "rewrite"},
}


class Module:
    """A module of ours, parsed once for all tests of this file."""

    def __init__(self, path):
        parts = path.relative_to(ROOT).with_suffix("").parts
        self.name = ".".join(parts).removesuffix(".__init__")
        self.text = path.read_text(encoding="utf-8")
        self.tree = ast.parse(self.text)
        is_package = path.name == "__init__.py"
        self._package = self.name if is_package else self.name.rpartition(".")[0]

    @cached_property
    def imports(self):
        """Dotted names that it imports, relative ones made absolute."""
        return frozenset(self._imported(ast.walk(self.tree)))

    @cached_property
    def imports_at_run_time(self):
        return frozenset(self._imported(_executed(self.tree)))

    def _imported(self, nodes):
        for node in nodes:
            if isinstance(node, ast.Import):
                yield from (alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                base = node.module or ""
                if node.level:
                    around = self._package.split(".")
                    around = around[: len(around) - node.level + 1]
                    base = ".".join([*around, *([base] if base else [])])
                yield base
                yield from (f"{base}.{alias.name}" for alias in node.names)


@cache
def modules(package):
    return tuple(Module(path) for path in sorted((ROOT / package).rglob("*.py")))


def _executed(tree):
    """The statements that run when the module is imported."""
    waiting = list(tree.body)
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
            continue
        yield node
        waiting += [n for n in ast.iter_child_nodes(node) if isinstance(n, ast.stmt)]


def room(dotted):
    parts = dotted.split(".")
    return parts[1] if len(parts) > 1 and parts[0] == "migrator" else ""


def top_levels(module):
    return {name.split(".")[0] for name in module.imports}


def test_migrator_and_shim_never_import_each_other():
    for package, other in (("migrator", "shim"), ("shim", "migrator")):
        wrong = [m.name for m in modules(package) if other in top_levels(m)]
        assert not wrong, f"{wrong} import {other}"


def test_the_shim_imports_itself_relatively():
    """So that it can be vendored under another name."""
    for module in modules("shim"):
        for node in ast.walk(module.tree):
            if isinstance(node, ast.ImportFrom) and not node.level:
                assert (node.module or "").split(".")[0] != "shim", module.name
            if isinstance(node, ast.Import):
                names = {alias.name.split(".")[0] for alias in node.names}
                assert "shim" not in names, module.name


def test_stages_import_only_what_they_may():
    wrong = []
    for module in modules("migrator"):
        own = room(module.name)
        if own in {"", "cli", "__main__"} | FOUNDATION:
            continue
        allowed = ALLOWED[own] | FOUNDATION | {own}
        for imported in module.imports:
            other = room(imported)
            if other and other not in allowed and other != "__version__":
                wrong.append(f"{module.name} imports {imported}")
    assert not wrong


def test_nothing_is_allowed_that_no_stage_needs():
    """The table above is as small as it can be."""
    needed = {stage: set() for stage in ALLOWED}
    for module in modules("migrator"):
        if room(module.name) in ALLOWED:
            needed[room(module.name)] |= {room(name) for name in module.imports}
    unused = {s: rooms - needed[s] for s, rooms in ALLOWED.items() if rooms - needed[s]}
    assert not unused


def test_the_foundation_imports_nothing_of_ours():
    for module in modules("migrator"):
        own = room(module.name)
        if own in FOUNDATION:
            assert {room(name) for name in module.imports} <= {"", own}, module.name


@pytest.mark.parametrize("library", ONLY_IN)
def test_a_library_stays_in_its_room(library):
    users = {room(m.name) for m in modules("migrator") if library in top_levels(m)}
    assert users == ONLY_IN[library]


@pytest.mark.parametrize("package", ["migrator", "shim"])
def test_no_import_runs_in_a_circle(package):
    """At run time; imports inside functions and for types only are left out."""
    found = {module.name: module for module in modules(package)}
    graph = {}
    for name, module in found.items():
        wanted = module.imports_at_run_time
        # A package's `__init__` is imported with each of its modules anyway.
        graph[name] = {w for w in wanted if w in found and not name.startswith(w + ".")}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(" -> ".join(error.args[1]))


def loaded_by(statement):
    """Top-level modules that the statement loads in a fresh interpreter."""
    script = (
        f"import sys; before = set(sys.modules); {statement}; "
        "print(' '.join(set(sys.modules) - before))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return {name.split(".")[0] for name in done.stdout.splitlines()[-1].split()}


def test_help_loads_no_heavy_library():
    """`migrate --help` answers before anybody notices."""
    run = (
        "import click; from migrator.cli import migrate; "
        "migrate(['--help'], standalone_mode=False)"
    )
    assert not loaded_by(run) & {"libcst", "jinja2", "rich", "celery", "apscheduler"}


def test_importing_the_shim_loads_no_heavy_library():
    heavy = {"celery", "kombu", "redis", "sqlalchemy", "apscheduler", "asyncio"}
    heavy |= {"django", "fastapi", "starlette", "prometheus_client", "libcst", "click"}
    assert not loaded_by("import shim") & heavy


def test_files_stay_short():
    """400 lines is where a file has more than one subject."""
    long = {
        module.name: count
        for package in ("migrator", "shim")
        for module in modules(package)
        if (count := len(module.text.splitlines())) > 400
    }
    assert not long
