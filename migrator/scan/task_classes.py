"""`app.Task = X`: an application whose every task has a class of the project's own."""

from __future__ import annotations

import ast
from dataclasses import replace
from typing import TYPE_CHECKING

from migrator.scan.vocabulary import TASK_CLASSES
from migrator.scan.walker import one_line

if TYPE_CHECKING:
    from migrator.model import CeleryApp
    from migrator.scan.facts import AssignmentFact, FileFacts
    from migrator.scan.resolve import Resolver


def with_task_classes(
    apps: list[CeleryApp], files: list[FileFacts], resolver: Resolver
) -> list[CeleryApp]:
    """The applications, with the class that was assigned to their `Task`."""
    for facts in files:
        for assignment in facts.assignments:
            if assignment.target[-1] == "Task" and len(assignment.target) > 1:
                apps = _told(apps, facts, assignment, resolver)
    return apps


def _told(
    apps: list[CeleryApp],
    facts: FileFacts,
    assignment: AssignmentFact,
    resolver: Resolver,
) -> list[CeleryApp]:
    target = assignment.target[:-1]
    found = resolver.chain(facts, assignment.scope, target)
    names = {one.name for one in found}
    source = one_line(ast.unparse(assignment.value))
    meant = [app for app in apps if app.variable in names]
    if not meant:  # a local variable of the function that makes the application
        meant = [
            app
            for app in apps
            if app.location.path == facts.path
            and app.variable.rpartition(".")[2] == target[-1]
        ]
    if not meant and _is_task_class(resolver, facts, assignment):
        # `registry["celery.app"].Task = X`: it may be any application.
        meant = [app for app in apps if not app.task_class]
    return [replace(app, task_class=source) if app in meant else app for app in apps]


def _is_task_class(
    resolver: Resolver, facts: FileFacts, assignment: AssignmentFact
) -> bool:
    return any(
        base.name in TASK_CLASSES or base.rest == ("Task",)
        for one in resolver.expression(facts, assignment.scope, assignment.value)
        for base in resolver.bases_of(one)
    )
