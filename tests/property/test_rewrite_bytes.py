"""Over odd but valid modules: an edit changes the lines it must, and no other byte."""

from __future__ import annotations

import ast
import io
import tokenize

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.golden.test_rewrite import PATH, rewritten

# Pieces that stand between tasks and must come through untouched.
NOISE = st.sampled_from(
    [
        "# a comment with trailing space \n",
        "\n",
        "\n\n\n",
        "x  =  {  'a':1 , }  # odd spacing\n",
        'text = """a string with\n@shared_task in it\n"""\n',
        "if True:\n\tprint('tab')\n",
        "def plain(a, /, b, *, c=1, **d): return a\n",
        "class Thing:\n    @staticmethod\n    def f(): ...\n",
        "values = [\n    1,\n\n    # inside\n    2,\n]\n",
        "y = 1 ; z = 2\n",
        "async def co():\n    async with a as b: pass\n",
        "print('ä ö € \U0001f40d')\n",
        "lambda_ = lambda x, *y: (x, y)\n",
        "\x0c\n",
    ]
)
OPTIONS = st.sampled_from(
    [
        "",
        "()",
        "(ignore_result=True)",
        "( ignore_result = True , )",
        "(\n    ignore_result=True,\n    # why\n    queue='a',\n)",
        "(name='own.name')",
        "(bind=False, max_retries=None)  # trailing",
    ]
)
BELOW = st.sampled_from(["", "@deco\n", "# between\n@deco\n\n"])
SIGNATURE = st.sampled_from(["()", "(a, b=2)", "(a: int, *, c: str = 'x') -> None"])
IMPORTS = st.sampled_from(
    [
        "from celery import shared_task\n",
        "from celery import chain, shared_task\n",
        "from celery import (\n    chain,  # canvas\n    shared_task,\n)\n",
        "import celery\nshared_task = celery.shared_task\n",
        "import os\nfrom celery import shared_task  # noqa\nimport sys\n",
    ]
)


@st.composite
def modules(draw):
    tasks = draw(st.integers(1, 4))
    parts = ['"""Doc."""\n', draw(IMPORTS), "deco = lambda f: f\n"]
    for number in range(tasks):
        parts += draw(st.lists(NOISE, max_size=3))
        decorator = f"@shared_task{draw(OPTIONS)}\n"
        if "own.name" in decorator:
            decorator = decorator.replace("own.name", f"own.name{number}")
        head = f"def task_{number}{draw(SIGNATURE)}:\n"
        parts += ["\n", decorator, draw(BELOW), head, "    print('body')\n"]
    parts += draw(st.lists(NOISE, max_size=3))
    text = "".join(parts)
    if draw(st.booleans()):
        text = text.rstrip("\n")
    if draw(st.booleans()):
        text = text.replace("\n", "\r\n")
    return text.encode()


def comments(data):
    tokens = tokenize.tokenize(io.BytesIO(data).readline)
    return sorted(t.string for t in tokens if t.type == tokenize.COMMENT)


def functions(data):
    """Names and signatures, without decorators."""
    return [
        (node.name, ast.dump(node.args), ast.dump(ast.Module(node.body, [])))
        for node in ast.walk(ast.parse(data))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]


def without_our_lines(data):
    """The lines that no edit has a reason to change."""
    tree = ast.parse(data)
    touched = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and node.name.startswith("task_"):
            first = node.decorator_list[0]
            touched.update(range(first.lineno, (first.end_lineno or 0) + 1))
        if isinstance(node, ast.Import | ast.ImportFrom):
            touched.update(range(node.lineno, (node.end_lineno or 0) + 1))
    # Split as Python counts lines: a form feed ends none.
    lines = data.decode().split("\n")
    return [line for number, line in enumerate(lines, 1) if number not in touched]


@settings(
    max_examples=60,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(before=modules())
def test_only_decorators_and_imports_change(tmp_path_factory, before):
    root = tmp_path_factory.mktemp("module")
    (root / "app").mkdir()
    (root / "app/__init__.py").touch()
    (root / PATH).write_bytes(before)
    (change,) = rewritten(root)
    after = change.after
    compile(after, PATH, "exec")
    assert without_our_lines(after) == without_our_lines(before)
    assert functions(after) == functions(before)
    assert comments(after) == comments(before)
    (root / PATH).write_bytes(after)
    assert rewritten(root) == ()
