"""Who may import whom, what an import loads, and that no import runs in a circle."""

from __future__ import annotations

import ast
import subprocess
import sys
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FOUNDATION = {"model", "errors", "_version", "reading", "shown", "wording"}
# stage: the other rooms of `migrator` that it may import, besides the foundation.
ALLOWED = {
    "config": set(),
    "git": set(),
    "project": {"git"},
    "scan": {"project"},
    "classify": {"config"},
    "schedules": set(),
    "plan": {"schedules"},
    "rewrite": set(),
    "application": set(),
    "render": {"application", "schedules"},
    "finish": set(),
    "finishing": {"finish", "pipeline", "plan", "rewrite"},
    "apply": {"git"},
    "verify": {"git", "scan", "schedules", "project", "plan"},
    "operate": {"project", "config", "classify", "schedules"},
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
    "live": {"application", "pipeline"},
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
        "apply",
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
        "verify",
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


def modules(package):
    for path in sorted((ROOT / package).rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        name = ".".join(parts).removesuffix(".__init__")
        yield name, path, ast.parse(path.read_text(encoding="utf-8"))


def imports(name, path, tree, *, at_run_time_only=False):
    """Dotted names that a module imports, relative ones made absolute."""
    nodes = list(ast.walk(tree))
    if at_run_time_only:
        nodes = list(_executed(tree))
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                parts = package.split(".")[: len(package.split(".")) - node.level + 1]
                base = ".".join([*parts, *([base] if base else [])])
            yield base
            yield from (f"{base}.{alias.name}" for alias in node.names)


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


def test_migrator_and_shim_never_import_each_other():
    for name, path, tree in modules("migrator"):
        wrong = [i for i in imports(name, path, tree) if i.split(".")[0] == "shim"]
        assert not wrong, f"{name} imports {wrong}"
    for name, path, tree in modules("shim"):
        wrong = [i for i in imports(name, path, tree) if i.split(".")[0] == "migrator"]
        assert not wrong, f"{name} imports {wrong}"


def test_the_shim_imports_itself_relatively():
    """So that it can be vendored under another name."""
    for name, _, tree in modules("shim"):
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and not node.level:
                assert (node.module or "").split(".")[0] != "shim", name
            if isinstance(node, ast.Import):
                assert all(a.name.split(".")[0] != "shim" for a in node.names), name


def test_stages_import_only_what_they_may():
    wrong = []
    for name, path, tree in modules("migrator"):
        own = room(name)
        if own in {"", "cli", "__main__"} | FOUNDATION:
            continue
        allowed = ALLOWED[own] | FOUNDATION | {own}
        for imported in imports(name, path, tree):
            other = room(imported)
            if other and other not in allowed and other != "__version__":
                wrong.append(f"{name} imports {imported}")
    assert not wrong


def test_the_foundation_imports_nothing_of_ours():
    for name, path, tree in modules("migrator"):
        if room(name) in FOUNDATION:
            others = {room(i) for i in imports(name, path, tree)} - {"", room(name)}
            assert not others, name


@pytest.mark.parametrize("library", ONLY_IN)
def test_a_library_stays_in_its_room(library):
    for name, path, tree in modules("migrator"):
        used = any(i.split(".")[0] == library for i in imports(name, path, tree))
        assert not used or room(name) in ONLY_IN[library], f"{name} imports {library}"


@pytest.mark.parametrize("package", ["migrator", "shim"])
def test_no_import_runs_in_a_circle(package):
    """At run time; imports inside functions and for types only are left out."""
    found = {name: (path, tree) for name, path, tree in modules(package)}
    graph = {}
    for name, (path, tree) in found.items():
        wanted = set(imports(name, path, tree, at_run_time_only=True))
        # A package's `__init__` is imported with each of its modules anyway.
        graph[name] = {w for w in wanted if w in found and not name.startswith(w + ".")}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(" -> ".join(error.args[1]))


def loaded_by(statement):
    script = f"import sys; {statement}; print(' '.join(sys.modules))"
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
    heavy = {"redis", "sqlalchemy", "apscheduler", "fastapi", "libcst", "click"}
    assert not loaded_by("import shim") & heavy


def test_files_stay_short():
    """400 lines is where a file has more than one subject."""
    long = {
        name: count
        for package in ("migrator", "shim")
        for name, path, _ in modules(package)
        if (count := len(path.read_text(encoding="utf-8").splitlines())) > 400
    }
    assert not long
