"""A finish after an apply gives back functions with the signatures they had."""

from __future__ import annotations

import ast
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from migrator.apply import apply_changes
from migrator.finishing import finish
from migrator.model import DefinitionKind
from migrator.pipeline import make_plan, pending_changes, survey
from migrator.plan import FILE_NAME, read_manifest, refreshed

NAMES = ("alpha", "beta", "gamma", "delta", "epsilon")
DEFAULTS = ("", " = None", " = 3", ' = "ä"', " = ()", " = -1.5")
ANNOTATIONS = ("", ": int", ": list[str] | None", ': "dict[str, int]"')
DECORATORS = (
    "@shared_task",
    "@shared_task()",
    '@shared_task(name="app.task")',
    "@shared_task(\n    ignore_result=True,\n    # quick\n    max_retries=3,\n)",
    "@app.task",
    '@app.task(queue="small")  # soon',
)


@st.composite
def parameters(draw):
    names = draw(st.permutations(NAMES))
    count = draw(st.integers(0, 3))
    plain = [name + draw(st.sampled_from(ANNOTATIONS)) for name in names[:count]]
    cut = draw(st.integers(0, count))
    spaced = [
        _with_default(one, draw(st.sampled_from(DEFAULTS[1:]))) for one in plain[cut:]
    ]
    parts = [*plain[:cut], *spaced]
    if count > 1 and draw(st.booleans()):
        parts.insert(1, "/")
    if draw(st.booleans()):
        parts.append(draw(st.sampled_from(["*", "*args"])))
        keyword = names[4] + draw(st.sampled_from(DEFAULTS))
        parts.append(keyword)
    if draw(st.booleans()):
        parts.append("**rest")
    return ", ".join(parts)


def _with_default(parameter, default):
    return parameter + default


@st.composite
def modules(draw):
    head = "from celery import Celery, shared_task\n\napp = Celery()\n"
    decorator = draw(st.sampled_from(DECORATORS))
    comment = draw(st.sampled_from(["", "# why it is here\n"]))
    body = draw(st.sampled_from(['"""Say."""', "return 1", "pass  # nothing"]))
    returns = draw(st.sampled_from(["", " -> int | None"]))
    function = f"{comment}{decorator}\ndef tidy({draw(parameters())}){returns}:\n"
    return f"{head}\n\n{function}    {body}\n"


def signature(source):
    (function,) = [
        node for node in ast.parse(source).body if isinstance(node, ast.FunctionDef)
    ]
    decorators = [ast.unparse(one) for one in function.decorator_list]
    returns = function.returns and ast.unparse(function.returns)
    return ast.unparse(function.args), returns, decorators


@given(modules())
@settings(max_examples=60)
def test_the_signature_is_what_it_was(source):
    with TemporaryDirectory() as folder:
        root = Path(folder)
        path = root / "tasks.py"
        path.write_text(source, encoding="utf-8")
        accept_all(root)
        _, changes = pending_changes(root)
        apply_changes(root, changes.changes)
        assert "light_task" in path.read_text(encoding="utf-8")
        kinds = {task.kind for task in survey(root).inventory.tasks}
        assert kinds == {DefinitionKind.LIGHT}
        outcome = finish(root, [])
        assert not outcome.kept, outcome.kept
        apply_changes(root, outcome.changes.changes)
        after = path.read_text(encoding="utf-8")
    parameters, returns, _ = signature(source)
    assert signature(after) == (parameters, returns, [])
    assert "shim" not in after
    assert ("# why it is here" in after) == ("# why it is here" in source)


def accept_all(root):
    found = survey(root)
    plan = refreshed(None, make_plan(found, None))
    text = plan.replace('accept = "later"', 'accept = "yes"')
    text = text.replace('accept = "no"', 'accept = "yes"')
    text = text.replace('target = "celery"', 'target = "runner"')
    (root / FILE_NAME).write_text(text, encoding="utf-8")
    assert read_manifest(text)
