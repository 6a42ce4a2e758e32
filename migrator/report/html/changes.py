"""`migrate diff --html`: what becomes of each task and schedule, and every file."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from migrator.model import Accept, Target
from migrator.report.html.markup import Html, join, name, place, prose, tag
from migrator.report.html.page import Section
from migrator.report.html.parts import figures, scrolled
from migrator.report.html.side_by_side import MINUS, FileDiff, file_block, file_diff
from migrator.report.html.tasks import badge
from migrator.wording import counted

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from migrator.model import (
        ChangeSet,
        ManualStep,
        Plan,
        PlannedSchedule,
        PlannedTask,
        Refusal,
    )

ORDER = (Accept.YES, Accept.LATER, Accept.NO)


def change_sections(plan: Plan, changes: ChangeSet) -> list[Section]:
    """The sections of the page, in the order in which a reviewer wants them."""
    diffs = [file_diff(change) for change in changes.changes]
    anchors = {d.change.path: f"file-{n}" for n, d in enumerate(diffs, 1)}
    sections = [
        Section("summary", "Summary", _summary(plan, diffs)),
        Section("tasks", "Tasks", _tasks(plan, diffs, anchors), len(plan.tasks)),
    ]
    if plan.schedules:
        table = _schedules(plan.schedules)
        sections.append(Section("schedules", "Schedules", table, len(plan.schedules)))
    by_hand = len(changes.manual_steps) + len(changes.refusals)
    if by_hand:
        content = _by_hand(changes.manual_steps, changes.refusals)
        sections.append(Section("by-hand", "Left to you", content, by_hand))
    files = join(file_block(d, anchors[d.change.path]) for d in diffs)
    nothing = tag("p", "Nothing to change: the tree is as the plan wants it.")
    sections.append(Section("files", "Files", files or nothing, len(diffs)))
    return sections


def _summary(plan: Plan, diffs: Sequence[FileDiff]) -> Html:
    accepts = Counter(task.accept for task in plan.tasks)
    moves = sum(task.moves for task in plan.tasks)
    proven = sum(s.target is not Target.CELERY for s in plan.schedules)
    new = sum(diff.is_new for diff in diffs)
    added, removed = sum(d.added for d in diffs), sum(d.removed for d in diffs)
    facts = (
        ("tasks to move", f"{moves:,}", f"of {len(plan.tasks):,}"),
        ("later", f"{accepts[Accept.LATER]:,}", "tasks, when you say so"),
        ("staying", f"{accepts[Accept.NO]:,}", "tasks, on Celery"),
        ("schedules", f"{proven:,}", f"of {len(plan.schedules):,} proven and moved"),
        ("files", f"{len(diffs):,}", f"{new:,} of them new"),
        (
            "lines",
            f"+{added:,} {MINUS}{removed:,}",
            "exactly what apply writes",
        ),
    )
    return figures(facts)


def _tasks(plan: Plan, diffs: Sequence[FileDiff], anchors: Mapping[str, str]) -> Html:
    titles = ("Task", "Verdict", "Accept", "Becomes", "Files")
    tasks = sorted(plan.tasks, key=lambda t: (ORDER.index(t.accept), t.definition.name))
    rows = [_task(task, diffs, anchors) for task in tasks]
    return _table("Tasks and what was decided on each", titles, rows, "decided on")


def _task(
    task: PlannedTask, diffs: Sequence[FileDiff], anchors: Mapping[str, str]
) -> Html:
    own = task.definition.name
    files = [
        tag("a", place(diff.change.path), href=f"#{anchors[diff.change.path]}")
        for diff in diffs
        if own in diff.change.reasons
    ]
    stale = tag("span", "stale: it changed since it was judged", class_="mark")
    accept = tag("span", str(task.accept), class_=f"badge {task.accept}")
    where = tag("span", place(task.definition.location), class_="place")
    return tag(
        "tr",
        tag("th", name(own), " ", where, scope="row"),
        tag("td", badge(task.verdict.level)),
        tag("td", accept, stale if task.is_stale else None),
        tag("td", str(task.target), tag("span", prose(_why(task)), class_="mark")),
        tag("td", join(files, tag("br"))),
    )


def _why(task: PlannedTask) -> str:
    if task.target == task.verdict.target:
        return task.verdict.target_reason
    return "as the plan says"


def _schedules(schedules: Sequence[PlannedSchedule]) -> Html:
    titles = ("Schedule", "On beat", "Becomes", "Proof")
    rows = [_schedule(schedule) for schedule in schedules]
    return _table("Schedules and what becomes of them", titles, rows, "decided")


def _schedule(schedule: PlannedSchedule) -> Html:
    entry = schedule.entry
    if schedule.target is Target.CELERY:
        becomes: Html | str = "stays on beat"
        proof = schedule.refusal or "its task stays on Celery"
    else:
        becomes = tag("code", schedule.trigger or " + ".join(schedule.cron))
        proof = f"identical over {counted(schedule.compared, 'fire time')}"
    if schedule.is_moved:
        proof = f"moved by an earlier apply; {proof}"
    return tag(
        "tr",
        tag(
            "th",
            entry.name,
            " ",
            tag("span", name(entry.task), class_="place"),
            scope="row",
        ),
        tag("td", tag("code", entry.source)),
        tag("td", becomes),
        tag("td", prose(proof)),
    )


def _by_hand(steps: Sequence[ManualStep], refusals: Sequence[Refusal]) -> Html:
    items = [
        tag(
            "li",
            tag("span", f"{step.location} ", class_="place") if step.location else None,
            prose(step.text),
            tag("span", prose(f"because {step.reason}"), class_="because"),
        )
        for step in steps
    ]
    items += [
        tag(
            "li",
            tag("span", f"{refusal.location} ", class_="place"),
            tag("strong", refusal.name),
            " stays on Celery",
            tag("span", prose(f"because {refusal.reason}"), class_="because"),
        )
        for refusal in refusals
    ]
    return tag("ol", *items, class_="steps")


def _table(caption: str, titles: Sequence[str], rows: list[Html], kind: str) -> Html:
    heads = [tag("th", title, scope="col") for title in titles]
    table = tag(
        "table",
        tag("caption", caption, class_="hidden"),
        tag("thead", tag("tr", *heads)),
        tag("tbody", *rows),
        class_=kind,
    )
    return scrolled(table, caption)
