"""Imports a Celery application and prints its registry and beat schedule as JSON.

Runs in the environment of the application, as a program of its own.
"""

from __future__ import annotations

import importlib
import json
import sys

MARK = "registry:"


def schedule_of(app):
    """Entries as beat would start with them: name, and the task they send."""
    app.finalize(auto=True)
    app.on_after_finalize.send(sender=app)
    return {
        name: entry["task"] if isinstance(entry, dict) else entry.task
        for name, entry in (app.conf.beat_schedule or {}).items()
    }


def main() -> None:
    module, _, attribute = sys.argv[1].partition(":")
    app = getattr(importlib.import_module(module), attribute)
    app.loader.import_default_modules()
    for name in sys.argv[2:]:
        importlib.import_module(name)
    schedule = schedule_of(app)
    tasks = sorted(name for name in app.tasks if not name.startswith("celery."))
    print(MARK + json.dumps({"tasks": tasks, "schedule": schedule}))


if __name__ == "__main__":
    main()
