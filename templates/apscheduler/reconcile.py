"""Brings the job store in line with entries.py when a scheduler starts.

New entries are added, changed ones scheduled anew, ours that are gone removed, and
everything else is left alone. An unchanged job keeps its next run time: that is what
makes up for one missed run after a downtime and keeps intervals from moving. The
file is yours to change.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from apscheduler.triggers.interval import IntervalTrigger

if TYPE_CHECKING:
    from datetime import datetime

    from apscheduler.job import Job

    from .entry import Entry

# Of a downtime so many runs are counted one by one; nobody needs more precision.
MOST_COUNTED = 100_000
# So many are asked for one by one, as a run may have overtaken them.
MOST_ASKED = 100


def reconcile(scheduler: Any) -> None:
    """`scheduler` is a paused ReplicaScheduler whose job store is loaded."""
    wanted = {entry.id: entry for entry in scheduler.entries}
    jobs = {job.id: job for job in scheduler.get_jobs()}
    for entry in wanted.values():
        scheduler.states.register(entry)
        job = jobs.get(entry.id)
        if job is None or job.name != _name(entry):
            _schedule(scheduler, entry, is_new=job is None)
        else:
            _resume(scheduler, job)
    gone = [job.id for job in jobs.values() if _is_ours(job) and job.id not in wanted]
    for job_id in gone:
        scheduler.remove_job(job_id)
    scheduler.states.forget(gone)


def _name(entry: Entry) -> str:
    return f"{entry.task} [{entry.definition}]"


def _is_ours(job: Job) -> bool:
    package = __name__.rpartition(".")[0]
    return str(job.func_ref).startswith(f"{package}.jobs.") and job.name.endswith("]")


def _schedule(scheduler: Any, entry: Entry, *, is_new: bool) -> None:
    next_run = _first_run(scheduler, entry) if entry.is_enabled else None
    scheduler.add_job(
        entry.job,
        entry.trigger,
        id=entry.id,
        name=_name(entry),
        args=entry.args,
        kwargs=entry.kwargs,
        executor=entry.priority,
        misfire_grace_time=None,
        coalesce=True,
        max_instances=entry.max_instances,
        next_run_time=next_run,
        replace_existing=not is_new,
    )
    scheduler.states.rescheduled(entry.id, next_run)


def _first_run(scheduler: Any, entry: Entry) -> datetime | None:
    """The next slot; where beat's last run is known, the one that followed it."""
    now = scheduler.clock()
    state = scheduler.states.get(entry.id)
    has_run_here = state is not None and state.last_slot is not None
    if entry.last_run is None or has_run_here:
        first: datetime | None = entry.trigger.get_next_fire_time(None, now)
        return first
    due = entry.trigger.get_next_fire_time(entry.last_run, entry.last_run)
    return due if due is None or due > now else _latest(entry.trigger, due, now)[0]


def _resume(scheduler: Any, job: Job) -> None:
    """Of the slots of a downtime the latest runs, the others are counted as missed."""
    now = scheduler.clock()
    due = job.next_run_time
    if due is None or due > now:
        return
    state = scheduler.states.get(job.id)
    if state is not None and state.last_slot is not None:
        # What was stored may be behind what has run, as slots can overtake each other.
        following = job.trigger.get_next_fire_time(state.last_slot, state.last_slot)
        if following is not None and following > due:
            overtaken = between(job.trigger, due, following)
            scheduler.ask_later(job.id, overtaken[-MOST_ASKED:], "downtime")
            due = following
    latest, passed = (due, 0) if due > now else _latest(job.trigger, due, now)
    if passed:
        last_missed = latest - timedelta(microseconds=1)
        scheduler.runner.missed(job.id, last_missed, "downtime", slots=passed)
    job.next_run_time = latest
    scheduler.store.update_job(job)


def _latest(trigger: Any, due: datetime, now: datetime) -> tuple[datetime, int]:
    """The last slot up to `now`, and how many from `due` on come before it."""
    if isinstance(trigger, IntervalTrigger):
        steps = (now - due) // trigger.interval
        return due + steps * trigger.interval, steps
    passed = 0
    while passed < MOST_COUNTED:
        following = trigger.get_next_fire_time(due, due)
        if following is None or following > now:
            break
        due, passed = following, passed + 1
    return due, passed


def between(trigger: Any, first: datetime, end: datetime) -> list[datetime]:
    """The slots from `first` on that come before `end`, so many as are counted."""
    slots = [first]
    while len(slots) < MOST_COUNTED:
        following = trigger.get_next_fire_time(slots[-1], slots[-1])
        if following is None or following >= end:
            break
        slots.append(following)
    return slots
