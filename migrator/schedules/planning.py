"""Which schedule entries go with their task, and which stay on beat, and why."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from migrator.model import ContainerKind, PlannedSchedule, ScheduleEntry, Target
from migrator.schedules.conversion import APSCHEDULER, KUBERNETES, convert
from migrator.schedules.kept_proofs import KeptProofs
from migrator.schedules.proof import prove

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from migrator.schedules.proof import Proof

SIDES = {Target.APSCHEDULER: APSCHEDULER, Target.CRONJOB: KUBERNETES}
# Options of an entry that change when or whether a message is delivered: carried, or
# else the entry is refused. The rest routes a message, and there is none any more.
CARRIED_OPTIONS = frozenset({"expires"})
ROUTING_OPTIONS = frozenset(
    {
        "queue",
        "exchange",
        "routing_key",
        "priority",
        "serializer",
        "compression",
        "delivery_mode",
        "mandatory",
        "immediate",
        "reply_to",
        "correlation_id",
        "retry",
        "retry_policy",
        "ignore_result",
        "argsrepr",
        "kwargsrepr",
        "shadow",
    }
)


def plan_schedules(
    entries: Sequence[ScheduleEntry],
    targets: Mapping[str, Target],
    proofs: KeptProofs | None = None,
) -> tuple[PlannedSchedule, ...]:
    """For each entry: converted and proven, or on beat (`Target.CELERY`) with why.

    `targets` says where each task goes, by its name; a task that is absent stays.
    """
    proofs = proofs or KeptProofs()
    written = [entry for entry in entries if entry.container is not ContainerKind.STORE]
    places: dict[str, list[ScheduleEntry]] = {}
    for entry in written:
        places.setdefault(entry.name, []).append(entry)
    return tuple(
        _namesake(entry, places.get(entry.name, []))
        or _planned(entry, targets.get(entry.task), proofs)
        for entry in entries
    )


def _namesake(
    entry: ScheduleEntry, written: Sequence[ScheduleEntry]
) -> PlannedSchedule | None:
    """Stays: in beat one entry hides the other, which would run once this one left."""
    others = [one for one in written if one is not entry]
    if not others:
        return None
    reason = entry.unreadable or (
        f"another entry has its name, at {others[0].location}: beat runs the last one "
        "only, and would run the other if this one left"
    )
    return _stays(entry, reason)


def _planned(
    entry: ScheduleEntry, target: Target | None, proofs: KeptProofs
) -> PlannedSchedule:
    if target not in SIDES:
        return _stays(entry, f"its task {entry.task} does not move to a scheduler")
    if reason := _obstacle(entry, target):
        return _stays(entry, reason)
    conversion = convert(entry.spec or {})
    side = SIDES[target]
    if side in conversion.refusal:
        return _stays(entry, conversion.refusal[side])
    proof = proofs.prove(conversion, side)
    if proof.why_not:
        return _stays(entry, f"not proven equal: {proof.why_not}")
    planned = PlannedSchedule(
        entry, target, compared=proof.compared, warnings=conversion.warnings
    )
    if target is Target.APSCHEDULER:
        return replace(planned, trigger=str(conversion.trigger_source))
    cron, zone, guard = conversion.kubernetes()
    source = "" if guard is None else str(guard)
    return replace(planned, cron=tuple(cron), zone=zone, guard=source)


def prove_planned(schedule: PlannedSchedule) -> Proof | None:
    """The proof for the target that was planned, made again; None: it stays on beat."""
    if schedule.target not in SIDES:
        return None
    return prove(schedule.entry.spec or {}, target=SIDES[schedule.target])


def _stays(entry: ScheduleEntry, reason: str) -> PlannedSchedule:
    return PlannedSchedule(entry, Target.CELERY, refusal=reason)


def _obstacle(entry: ScheduleEntry, target: Target) -> str:
    """Why the entry cannot be carried whatever its schedule, or an empty text."""
    if entry.guard and target is Target.CRONJOB:
        return f"it exists only if `{entry.guard}`, and a CronJob has no condition"
    if reason := _unreachable(entry):
        return reason
    for label, option in (("args", entry.args), ("kwargs", entry.kwargs)):
        if option is not None and not option.is_literal:
            return f"its {label} are no literal values: {option.source}"
    for option in entry.options:
        if option.name in ROUTING_OPTIONS:
            continue
        if option.name not in CARRIED_OPTIONS:
            return f"its option {option.name} cannot be carried to the scheduler"
        if not _is_seconds(option.value):
            return f"its option {option.name} is no number of seconds: {option.source}"
    return ""


def _unreachable(entry: ScheduleEntry) -> str:
    """Why its schedule is not known, or cannot be taken from where it stands."""
    if entry.container is ContainerKind.STORE:
        return (
            f"it is kept by {entry.source}, not in the code: write it into"
            " beat_schedule and remove it there, then it can move"
        )
    if entry.spec is None:
        return entry.unreadable or "its schedule could not be read"
    if entry.guard and entry.guard_imports is None:
        return f"it exists only if `{entry.guard}`, which is known at run time"
    return ""


def _is_seconds(value: object) -> bool:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return is_number and value > 0  # type: ignore[operator]  # a number, see above
