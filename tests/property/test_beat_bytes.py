"""Over odd but valid beat schedules: the entry that moves goes, and no other byte."""

from __future__ import annotations

import ast

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from migrator.project import open_project
from migrator.scan import scan_project
from tests.golden.test_rewrite import PATH, rewritten
from tests.property.test_rewrite_bytes import comments

HEAD = """\
from celery import Celery

app = Celery("shop")


@app.task(name="light")
def light():
    print("light")


@app.task(name="stays")  # migrate: heavy
def stays():
    print("stays")


"""
# {e} is the mapping of the entry, {k} its name.
ENTRIES = st.sampled_from(
    [
        '{"task": TASK, "schedule": 60}',
        "dict(task=TASK, schedule=60.5, args=(1, 2))",
        '{\n        "task": TASK,\n        "schedule": 60,\n    }',
        '{ "task" : TASK , "schedule":60 , }',
    ]
)
BETWEEN = st.sampled_from(["", "\n    # between", "\n\n    # apart\n", "  # beside"])
CONTAINERS = st.sampled_from(
    [
        ("app.conf.beat_schedule = {", '\n    "{k}": {e}', "\n}"),
        ("app.conf.beat_schedule = {", ' "{k}": {e}', " }"),
        ("app.conf.beat_schedule = dict(", "\n    {k}={e}", "\n)"),
        ("app.conf.beat_schedule |= {", '"{k}": {e}', "}"),
        ("app.conf.beat_schedule.update({", '\n    "{k}": {e}', "\n})"),
        ("app.conf.beat_schedule.update(", "\n    {k}={e}", ")"),
        ("app.conf.update(beat_schedule={", '"{k}": {e}', "})"),
    ]
)
STATEMENTS = st.sampled_from(
    [
        'app.conf.beat_schedule["{k}"] = {e}\n',
        'app.conf.beat_schedule["{k}"] = {e}; other = 1  # kept\n',
        'other = 1; app.conf.beat_schedule["{k}"] = {e}\n',
        '# why\napp.conf.beat_schedule.setdefault("{k}", {e})\n',
        'app.add_periodic_task(60, {t}.s(), name="{k}")\n',
        "other = 1  # kept\n",
    ]
)


@st.composite
def schedules(draw):
    """Source of a module, with the names of the entries that stay."""
    parts, stay, count = [HEAD], [], 0
    for _ in range(draw(st.integers(1, 3))):
        opening, form, closing = draw(CONTAINERS)
        number = draw(st.integers(1, 4))
        is_inline = "\n" not in form
        text = opening
        for index in range(number):
            count, task = count + 1, draw(st.sampled_from(["light", "stays"]))
            stay += [f"k{count}"] if task == "stays" else []
            entry = draw(ENTRIES).replace("TASK", f'"{task}"')
            has_comma = index < number - 1 or draw(st.booleans())
            text += _filled(form, entry, f"k{count}", task) + ("," if has_comma else "")
            text += "" if is_inline else draw(BETWEEN)
        closing = closing if is_inline or closing.startswith("\n") else "\n" + closing
        parts.append(text + closing + "\n")
        for form in draw(st.lists(STATEMENTS, max_size=2)):
            count, task = count + 1, draw(st.sampled_from(["light", "stays"]))
            if "{k}" in form and task == "stays":
                stay.append(f"k{count}")
            entry = draw(ENTRIES).replace("TASK", f'"{task}"')
            parts.append(_filled(form, entry, f"k{count}", task))
    text = "".join(parts)
    if draw(st.booleans()):
        text = text.replace("\n", "\r\n")
    return text.encode(), stay


def _filled(form, entry, key, task):
    return form.replace("{e}", entry).replace("{k}", key).replace("{t}", task)


def entries(root):
    found = scan_project(open_project(root)).schedules
    return {entry.name: entry for entry in found}


def is_subsequence(short, long):
    rest = iter(long)
    return all(character in rest for character in short)


@settings(
    max_examples=60,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(drawn=schedules())
def test_only_the_entries_that_move_are_gone(tmp_path_factory, drawn):
    before, stay = drawn
    root = tmp_path_factory.mktemp("module")
    (root / "app").mkdir()
    (root / "app/__init__.py").touch()
    (root / PATH).write_bytes(before)
    old = entries(root)
    (change,) = rewritten(root)
    (root / PATH).write_bytes(change.after)
    new = entries(root)
    assert sorted(new) == sorted(stay)
    for name, entry in new.items():
        assert (entry.task, entry.spec) == ("stays", old[name].spec)
        assert (entry.source, entry.container) == (
            old[name].source,
            old[name].container,
        )
    ast.parse(change.after)
    kept = {"# between", "# apart", "# kept", "# why"}
    left = comments(change.after)
    assert [c for c in comments(before) if c in kept] == [c for c in left if c in kept]
    # Below the imports and tasks nothing is added but a `pass` or a comma.
    tail = change.after.decode().partition('print("stays")')[2]
    added = tail.replace("pass", "").replace(",", "")
    assert is_subsequence(added, before.decode().partition('print("stays")')[2])
    assert rewritten(root) == ()
