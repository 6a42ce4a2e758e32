"""A script for the project's own interpreter: writes its beat schedule as JSON.

    python import_application.py package.module:name FILE

It imports the application as beat does. It needs Celery and the standard library only,
and prints nothing, because what is imported may print.
"""

from __future__ import annotations

import importlib
import json
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

FIELDS = {
    "minute": "_orig_minute",
    "hour": "_orig_hour",
    "day_of_week": "_orig_day_of_week",
    "day_of_month": "_orig_day_of_month",
    "month_of_year": "_orig_month_of_year",
}
# Beat adds this one itself; it goes with beat.
CLEANUP = "celery.backend_cleanup"


def application(text: str) -> Any:
    """The object `package.module:name`, with all that beat would have loaded."""
    module, _, name = text.partition(":")
    found = importlib.import_module(module)
    app = getattr(found, name or "app")
    app.loader.init_worker()
    app.finalize()
    return app


def entries(app: Any) -> list[dict[str, Any]]:
    """Plain data for each entry; what has no plain form says so in `unreadable`."""
    zone = str(app.timezone)
    found = []
    for name, entry in (app.conf.beat_schedule or {}).items():
        if name == CLEANUP:
            continue
        spec, unreadable = schedule(entry["schedule"], zone)
        parts = {
            "args": list(entry.get("args") or ()),
            "kwargs": dict(entry.get("kwargs") or {}),
            "options": dict(entry.get("options") or {}),
        }
        if lost := next((key for key in parts if not is_plain(parts[key])), ""):
            spec, unreadable = None, f"its {lost} are no plain data"
            parts[lost] = type(parts[lost])()
        task = str(entry["task"])
        found.append(
            {"name": str(name), "task": task, "spec": spec, "unreadable": unreadable}
            | parts
        )
    return found


def schedule(value: Any, zone: str) -> tuple[dict[str, Any] | None, str]:
    """The spec of a schedule as the conversion takes it, or None and why."""
    from celery.schedules import crontab
    from celery.schedules import schedule as interval

    if isinstance(value, int | float | timedelta):
        value = interval(value)
    if getattr(value, "nowfun", None):
        return None, "it has a clock of its own (nowfun)"
    if type(value) is crontab:
        fields = {key: plain(getattr(value, name)) for key, name in FIELDS.items()}
        return {"kind": "crontab", **fields, "timezone": zone}, ""
    if type(value) is interval:
        seconds = value.run_every.total_seconds()
        spec = {"kind": "interval", "seconds": seconds, "relative": value.relative}
        return {**spec, "timezone": zone}, ""
    return None, f"no rule to convert a {type(value).__qualname__}"


def plain(field: Any) -> Any:
    """A field of a crontab as JSON holds it."""
    return field if isinstance(field, str | int) else sorted(field)


def is_plain(value: Any) -> bool:
    """Whether JSON gives back what it was given."""
    try:
        return bool(json.loads(json.dumps(value, allow_nan=False)) == value)
    except (TypeError, ValueError):
        return False


def main(app: str, file: str) -> None:
    """Write the entries into `file`; the one line of stderr says what went wrong."""
    try:
        found = entries(application(app))
    except Exception as error:  # an import may end in any of them
        text = " ".join(str(error).split())
        raise SystemExit(f"{type(error).__name__}: {text}") from error
    Path(file).write_text(json.dumps(found), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
