"""Every task that was defined is defined still, under its name, once."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from migrator.verify.result import Check, Problem
from migrator.wording import counted

if TYPE_CHECKING:
    from migrator.verify.comparison import Comparison


def check(compared: Comparison) -> Check:
    """Lost, renamed, doubled and unexpectedly moved definitions; changed options."""
    before = {task.name: task for task in compared.before.tasks}
    after = {task.name: task for task in compared.after.tasks}
    count_before = Counter(task.name for task in compared.before.tasks)
    count_after = Counter(task.name for task in compared.after.tasks)
    moves = {task.definition.name for task in compared.plan.tasks if task.moves}
    finished = {t.definition.name for t in compared.plan.tasks if t.is_finished}
    problems = [
        Problem(f"task {name} is not defined any more", task.location)
        for name, task in before.items()
        if name not in after and name not in finished
    ]
    for name, task in after.items():
        if name not in before:
            problems.append(Problem(f"task {name} was not there before", task.location))
        elif count_after[name] > count_before[name]:
            problems.append(Problem(f"task {name} is defined twice", task.location))
        elif task.source_hash != before[name].source_hash:
            text = f"body or options of task {name} changed"
            problems.append(Problem(text, task.location))
        elif task.is_light and name not in moves:
            text = f"task {name} is light, but the plan keeps it on Celery"
            problems.append(Problem(text, task.location))
        elif name in moves and not task.is_light:
            text = f"task {name} is to move, and is still on Celery"
            problems.append(Problem(text, task.location))
    return Check("definitions", counted(len(before), "task"), tuple(problems))
