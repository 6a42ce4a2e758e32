"""Every CronJob manifest that was written is one that Kubernetes runs as meant."""

from __future__ import annotations

from typing import TYPE_CHECKING

import yaml

from migrator.model import Location, Target
from migrator.verify.manifest_lint import lint
from migrator.verify.result import Check, Problem
from migrator.wording import counted

if TYPE_CHECKING:
    from migrator.verify.comparison import Comparison


def check(compared: Comparison) -> Check:
    """Schedules, zones, deadlines, limits and security of the CronJobs."""
    folder = f"{compared.plan.package_path}/k8s/base/"
    paths = [path for path in compared.project.files if path.startswith(folder)]
    problems: list[Problem] = []
    seen: set[str] = set()
    for path in paths:
        place = Location(path, 1)
        try:
            manifest = yaml.safe_load(compared.project.read(path))
        except (yaml.YAMLError, RecursionError) as error:
            problems.append(Problem(f"cannot be read as YAML: {error}", place))
            continue
        if isinstance(manifest, dict) and manifest.get("kind") == "CronJob":
            notes = manifest.get("metadata", {}).get("annotations", {})
            seen.add(str(notes.get("light-tasks/entry")))
            problems += [Problem(text, place) for text in lint(manifest)]
    for schedule in compared.plan.schedules:
        if schedule.target is Target.CRONJOB and schedule.entry.name not in seen:
            text = f"schedule {schedule.entry.name!r} has moved, and has no CronJob"
            problems.append(Problem(text, schedule.entry.location))
    return Check(
        "manifests", f"{counted(len(seen), 'entry')} as CronJobs", tuple(problems)
    )
