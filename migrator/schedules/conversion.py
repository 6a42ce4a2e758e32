"""What becomes of one schedule on each target."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from migrator.schedules.crontab import crontab_trigger
from migrator.schedules.fields import (
    NAMES,
    CronFields,
    UnusableFieldError,
    expand,
    surprising_parts,
)
from migrator.schedules.interval import (
    Interval,
    UnusableIntervalError,
    interval_trigger,
    read_interval,
)
from migrator.schedules.kubernetes import (
    KubernetesSchedule,
    UnusableForKubernetesError,
    crontab_schedule,
    interval_schedule,
    phase_warning,
)
from migrator.schedules.zones import UnknownZoneError, coming_changes, zone_info

if TYPE_CHECKING:
    from collections.abc import Mapping

    from migrator.schedules.triggers import TriggerSource

APSCHEDULER = "apscheduler"
KUBERNETES = "kubernetes"
_HOUR = timedelta(hours=1)
_DAY = timedelta(days=1)
_WEEK = timedelta(days=7)
_KEYS = frozenset({"kind", "timezone", "seconds", "relative", "last_run_at", *NAMES})
_OF_OTHER_KIND = {"crontab": ("seconds", "relative"), "interval": NAMES}
# Names that the same things have elsewhere: taken for a slip of the pen, since without
# its value the schedule would be another one.
_SLIPS = frozenset(
    {
        *("minutes", "hours", "day", "days", "weekday", "weekdays", "month", "months"),
        *("week", "weeks", "second", "year", "dow", "dom", "cron", "run_every"),
        *("every", "period", "interval", "tz", "zone", "nowfun", "app", "expires"),
        *("start_date", "end_date", "start_time", "jitter", "milliseconds"),
    }
)


class NotConvertibleError(ValueError):
    """The schedule is refused for this target; the message is the reason."""


@dataclass(frozen=True)
class Conversion:
    """One schedule, converted or refused for each target.

    `refusal` holds a reason for each target that cannot fire exactly as Celery does;
    a target that is absent there is converted. Nothing in between exists.
    """

    spec: dict[str, Any]
    zone: str
    trigger_source: TriggerSource | None = None
    kubernetes_schedule: KubernetesSchedule | None = None
    fields: CronFields | None = None  # of a crontab
    interval: Interval | None = None  # of an interval
    refusal: dict[str, str] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()

    @property
    def is_plain_for_kubernetes(self) -> bool:
        """Converted without a guard in the worker."""
        return KUBERNETES not in self.refusal and self.kubernetes().guard is None

    def kubernetes(self) -> KubernetesSchedule:
        """(cron strings, zone, guard or None); NotConvertibleError where refused."""
        if self.kubernetes_schedule is None or KUBERNETES in self.refusal:
            raise NotConvertibleError(self.refusal.get(KUBERNETES, "refused"))
        return self.kubernetes_schedule

    def apscheduler_trigger(self) -> Any:
        """A new trigger object; NotConvertibleError where it is refused."""
        if self.trigger_source is None or APSCHEDULER in self.refusal:
            raise NotConvertibleError(self.refusal.get(APSCHEDULER, "refused"))
        return self.trigger_source.build()


def convert(spec: Mapping[str, Any]) -> Conversion:
    """Convert a schedule in plain form for every target. Raises nothing for bad specs.

    `spec["kind"]` is "crontab" with Celery's field names, or "interval" with `seconds`
    (a number or timedelta), `relative` and `last_run_at` (datetime or ISO text; naive
    means UTC). `timezone` is the zone of beat, by default UTC. A key that is none of
    these is named in `warnings`, or refused where it is a field by a wrong name.
    """
    plain = dict(spec)
    zone = plain.get("timezone") or "UTC"
    if not isinstance(zone, str):
        return _refused(plain, "UTC", f"timezone is no name of a zone: {zone!r}")
    try:
        zone_info(zone)
    except UnknownZoneError:
        return _refused(plain, zone, f"the time zone {zone!r} is unknown here")
    unknown = [key for key in plain if key not in _KEYS]
    for key in unknown:
        if key in _SLIPS:
            return _refused(plain, zone, f"a schedule has no field {key!r}")
    for key in _OF_OTHER_KIND.get(str(plain.get("kind")), ()):
        if not (plain.get(key) is None or plain[key] is False):
            reason = f"a schedule of kind {plain['kind']!r} has no field {key!r}"
            return _refused(plain, zone, reason)
    conversion = _of_kind(plain, zone)
    ignored = tuple(
        f"{key!r} is no field of a schedule, and ignored" for key in unknown
    )
    return replace(conversion, warnings=(*conversion.warnings, *ignored))


def _of_kind(spec: dict[str, Any], zone: str) -> Conversion:
    kind = spec.get("kind")
    if kind == "crontab":
        return _crontab(spec, zone)
    if kind == "interval":
        return _interval(spec, zone)
    return _refused(spec, zone, f"no rule to convert a schedule of kind {kind!r}")


def _refused(spec: dict[str, Any], zone: str, reason: str) -> Conversion:
    return Conversion(spec, zone, refusal={APSCHEDULER: reason, KUBERNETES: reason})


def _crontab(spec: dict[str, Any], zone: str) -> Conversion:
    try:
        fields = expand(spec)
    except UnusableFieldError as error:
        return _refused(spec, zone, str(error))
    warnings = tuple(
        f"Celery reads {part} otherwise than it looks"
        for part in surprising_parts(spec)
    )
    return _of_fields(spec, zone, fields, warnings=warnings)


def _of_fields(
    spec: dict[str, Any], zone: str, fields: CronFields, **more: Any
) -> Conversion:
    return Conversion(
        spec,
        zone,
        trigger_source=crontab_trigger(fields, zone),
        kubernetes_schedule=crontab_schedule(fields, zone),
        fields=fields,
        **more,
    )


def _interval(spec: dict[str, Any], zone: str) -> Conversion:
    relative = bool(spec.get("relative", False))
    try:
        last = read_instant(spec.get("last_run_at"))
        interval = read_interval(
            spec.get("seconds"), relative=relative, zone=zone, last_run_at=last
        )
    except ValueError as error:  # UnusableIntervalError among them
        return _refused(spec, zone, str(error))
    except OverflowError:
        return _refused(spec, zone, "last_run_at is at the end of all time")
    if relative and interval.every >= _DAY:
        return _relative_days(spec, zone, interval)
    if relative and interval.every >= _HOUR and _moves_by_part_of_an_hour(zone):
        reason = f"relative hours, and {zone} moves its clocks by a part of an hour"
        return _refused(spec, zone, reason)
    return _of_interval(spec, zone, interval)


def _of_interval(spec: dict[str, Any], zone: str, interval: Interval) -> Conversion:
    made = Conversion(
        spec, zone, trigger_source=interval_trigger(interval), interval=interval
    )
    try:
        schedule = interval_schedule(interval)
    except UnusableForKubernetesError as error:
        return replace(made, refusal={KUBERNETES: str(error)})
    warning = phase_warning(interval)
    warnings = (warning,) if warning else ()
    return replace(made, kubernetes_schedule=schedule, warnings=warnings)


def _relative_days(spec: dict[str, Any], zone: str, interval: Interval) -> Conversion:
    """Every local midnight, or that of one weekday, is a crontab; others are not."""
    if interval.every not in {_DAY, _WEEK}:
        if _has_clock_changes(zone):
            reason = "relative days other than 1 and 7 in a zone with clock changes"
            return _refused(spec, zone, reason)
        return _of_interval(spec, zone, interval)
    midnight = {"kind": "crontab", "minute": 0, "hour": 0}
    if interval.every == _WEEK:
        weekday = interval.anchor.astimezone(zone_info(zone)).isoweekday() % 7
        midnight["day_of_week"] = weekday
    return _of_fields(spec, zone, expand(midnight), interval=interval)


def _has_clock_changes(zone: str) -> bool:
    return bool(coming_changes(zone))


def _moves_by_part_of_an_hour(zone: str) -> bool:
    return any(change.shift % _HOUR for change in coming_changes(zone))


def read_instant(value: Any) -> datetime | None:
    """A datetime or ISO text as UTC; UnusableIntervalError for anything else."""
    if value is None:
        return None
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError as error:
            raise UnusableIntervalError(f"last_run_at: {error}") from error
    if not isinstance(value, datetime):
        raise UnusableIntervalError(f"last_run_at is no point in time: {value!r}")
    return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
