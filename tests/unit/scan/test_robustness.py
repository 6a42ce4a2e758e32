"""Whatever a file holds, it ends in one outcome, and the scan goes on."""

from __future__ import annotations

import codecs

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from migrator.model import FileStatus
from migrator.project import open_project
from migrator.scan import scan_project, source_files

GOOD = (
    b"from celery import shared_task\n\n\n@shared_task\ndef good():\n    good.delay()\n"
)
quick = settings(
    max_examples=60,
    suppress_health_check=[
        HealthCheck.function_scoped_fixture,
        HealthCheck.too_slow,
    ],
)


def scan(root, data, name="odd.py"):
    (root / "good.py").write_bytes(GOOD)
    (root / name).write_bytes(data)
    return scan_project(open_project(root))


def outcome_of(inventory, path="odd.py"):
    (outcome,) = [one for one in inventory.files if one.path == path]
    return outcome


def check_whole(inventory):
    """The odd file has cost nothing else, and each file has one outcome."""
    assert "good.good" in {task.name for task in inventory.tasks}
    paths = [outcome.path for outcome in inventory.files]
    assert len(paths) == len(set(paths))
    for outcome in inventory.files:
        assert outcome.reason or outcome.status in {
            FileStatus.PARSED,
            FileStatus.FILTERED,
        }


@quick
@given(data=st.binary(max_size=300))
def test_random_bytes(tmp_path, data):
    inventory = scan(tmp_path, b"import celery\n" + data)
    assert outcome_of(inventory).status in {FileStatus.PARSED, FileStatus.FAILED}
    check_whole(inventory)


PIECES = st.sampled_from(
    [
        "from celery import shared_task as task, chain, Celery\n",
        "app = Celery('x')\n",
        "@task(bind=True, **options)\ndef f(self, *a, **k):\n    self.retry()\n",
        "@app.task\nasync def g(): await f.delay()\n",
        "f = app.task(f)\n",
        "x = f\nf = x\n",
        "x = [f, g]\nfor t in x: t.delay()\n",
        "chain(f.s(), *[g.s(i) for i in x])()\n",
        "app.conf.beat_schedule = {'a': {'task': f.name, 'schedule': 1 / 0}}\n",
        "app.conf.beat_schedule['b'] = {**x, 'schedule': 2 ** 99 ** 9, 'task': ''}\n",
        "class C(app.Task):\n    name = C\n    def run(self): return super().delay()\n",
        "app.register_task(C())\n",
        "from . import odd\nfrom odd import *\n",
        "lambda: (yield f.delay)\n",
        "def f(): return f()\n",
        "if x: f.apply_async(link=g.s(), link_error=[f.s()])\n",
        "patch('odd.f.delay'); patch.object(f, 'delay')\n",
        "app.tasks['odd.f'].delay(); app.tasks[x].delay()\n",
        "try: pass\nexcept (A, B) as e: raise f.retry(exc=e)\n",
        "match x:\n    case {'a': f, **rest} if f.delay(): pass\n",
        "\u00e9 = 'caf\u00e9 \U0001f600'; f.delay('\u00e9')\n",
        "def broken(:\n",
    ]
)


@quick
@given(pieces=st.lists(PIECES, max_size=12))
def test_pieces_in_any_order(tmp_path, pieces):
    """Names that go round in circles, rebound tasks, broken code between good code."""
    inventory = scan(tmp_path, "".join(pieces).encode())
    check_whole(inventory)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"celery = 1\0", "null bytes"),
        (b"# coding: klingon\nimport celery\n", "encoding"),
        (b"import celery\nx = '\xe9'\n", "encoding"),
        (b"import celery\ndef f(:\n", "line 2"),
        (b"import celery\nprint 'old'\n", "line 2"),
        (b"import celery\nx = " + b"(" * 5_000 + b")" * 5_000, "line 2"),
        (b"import celery\nx = " + b"-" * 200_000 + b"1", "parsed"),
    ],
)
def test_a_file_that_cannot_be_parsed_says_why(tmp_path, data, words):
    inventory = scan(tmp_path, data)
    outcome = outcome_of(inventory)
    assert outcome.status is FileStatus.FAILED
    assert words in outcome.reason
    check_whole(inventory)


@pytest.mark.parametrize(
    "deep",
    [
        "x = " + "f.s()." * 1 + ".".join(["a()"] * 3_000),
        "x = " + " + ".join(["1"] * 3_000),
        "x = " + "[" * 90 + "]" * 90,
        "\n".join("  " * n + f"if x{n}:" for n in range(90))
        + "\n"
        + "  " * 90
        + "pass",
        "x = " + "lambda: " * 400 + "1",
    ],
)
def test_deep_nesting_is_read_or_told(tmp_path, deep):
    inventory = scan(tmp_path, f"import celery\n{deep}\n".encode())
    assert outcome_of(inventory).status in {FileStatus.PARSED, FileStatus.FAILED}
    check_whole(inventory)


def test_a_generated_file_is_not_parsed(tmp_path):
    data = b"import celery\n" + b"x = 1\n" * (source_files.MAX_BYTES // 6 + 1)
    outcome = outcome_of(scan(tmp_path, data))
    assert outcome.status is FileStatus.FAILED
    assert "larger than" in outcome.reason
    assert outcome.size == len(data)


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_line_ends_and_byte_order_marks_do_not_move_places(tmp_path, ending):
    lines = [
        "from celery import shared_task",
        "",
        "@shared_task",
        "def notify():",
        "    '''caf\u00e9'''; notify.delay()",
        "",
    ]
    data = codecs.BOM_UTF8 + ending.join(lines).encode()
    inventory = scan(tmp_path, data)
    (task,) = [one for one in inventory.tasks if one.location.path == "odd.py"]
    (call,) = [one for one in inventory.call_sites if one.location.path == "odd.py"]
    assert (task.location.line, task.decorator.line) == (4, 3)
    assert (call.location.line, call.location.column) == (5, lines[4].index("notify"))


def test_a_coding_cookie_is_followed(tmp_path):
    text = "# -*- coding: latin-1 -*-\nfrom celery import shared_task\n"
    text += "@shared_task(name='caf\u00e9')\ndef f(): pass\n"
    inventory = scan(tmp_path, text.encode("latin-1"))
    assert "caf\u00e9" in {task.name for task in inventory.tasks}


def test_a_form_feed_and_odd_line_separators_count_as_no_line(tmp_path):
    lines = ["import celery", "\x0c", "x = '\x1c\x85\u2028'"]
    lines += ["@celery.shared_task", "def f(): pass", ""]
    inventory = scan(tmp_path, "\n".join(lines).encode())
    (task,) = [one for one in inventory.tasks if one.location.path == "odd.py"]
    assert task.location.line == 5


def test_warnings_about_the_target_are_not_ours(tmp_path, recwarn):
    scan(tmp_path, b"import celery\nx = '\\d' is 'y'\nassert (x, 'y')\n")
    assert not recwarn.list


def test_progress_is_told_and_ends_with_all(tmp_path):
    (tmp_path / "good.py").write_bytes(GOOD)
    (tmp_path / "plain.py").write_bytes(b"x = 1\n")
    told = []
    project = open_project(tmp_path)
    scan_project(project, progress=lambda done, total: told.append((done, total)))
    assert told[-1] == (2, 2)
    assert told == sorted(told)
