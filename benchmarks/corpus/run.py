"""Compares what the scan finds with what the applications register when they run.

    python benchmarks/corpus/run.py [--registry] [--only NAME] [--cache FOLDER]

`--registry` installs each application into an environment of its own and imports it;
without it only the figures of the scan are printed.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
import tomllib
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parents[1])]

from fetching import environment, unpacked  # noqa: E402 - from this folder
from registry import MARK  # noqa: E402 - from this folder

from migrator.project import open_project  # noqa: E402 - from this checkout
from migrator.scan import scan_project  # noqa: E402 - from this checkout

SENDS = {"delay", "apply_async", "delay_on_commit"}


def registry_of(package, source: Path, cache: Path):
    python = environment(package, cache)
    paths = [str(source / folder) for folder in package.get("path", [])]
    variables = {**os.environ, **package.get("environment", {})}
    variables["PYTHONPATH"] = os.pathsep.join(paths)
    done = subprocess.run(
        [python, HERE / "registry.py", package["app"], *package.get("imports", [])],
        env=variables,
        cwd=cache,
        capture_output=True,
        text=True,
        check=False,
    )
    for line in done.stdout.splitlines():
        if line.startswith(MARK):
            return json.loads(line.removeprefix(MARK))
    return {"error": done.stderr.strip().splitlines()[-1:] or ["no output"]}


def scanned(source: Path):
    before = time.process_time()
    inventory = scan_project(open_project(source))
    return inventory, time.process_time() - before


def dispatches(inventory):
    """Places of the program that send: all, resolved, and those of a whole canvas.

    A place that may send one of several tasks counts once. The members of a canvas are
    places of their own, so that its sending is counted apart.
    """
    places, resolved, canvas = set(), set(), set()
    for site in inventory.call_sites:
        if site.in_tests or not (site.kind in SENDS or site.detail in SENDS):
            continue
        if site.kind == "canvas" and site.task is None:
            canvas.add(site.location)
            continue
        places.add(site.location)
        if site.task is not None:
            resolved.add(site.location)
    return len(places), len(resolved), len(canvas)


def compared(package, source: Path, inventory, cache: Path):
    """Own tasks of the registry against those found: missing, and found in vain.

    A task is the application's own where its name, or its module, stands in the source.
    """
    registry = registry_of(package, source, cache)
    if "error" in registry:
        return registry
    found = {task.name for task in inventory.tasks if not task.in_tests}
    modules = {task.module.split(".")[0] for task in inventory.tasks}
    own = {name for name in registry["tasks"] if name.split(".")[0] in modules}
    own |= found & set(registry["tasks"])
    entries = {entry.name for entry in inventory.schedules}
    return {
        "registered": len(own),
        "missing": sorted(own - found),
        "in vain": sorted(found - own),
        "entries": len(registry["schedule"]),
        "entries missing": sorted(set(registry["schedule"]) - entries),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--registry", action="store_true")
    parser.add_argument("--only", default="")
    parser.add_argument("--cache", type=Path, default=Path.home() / ".cache/corpus")
    given = parser.parse_args()
    manifest = tomllib.loads((HERE / "manifest.toml").read_text(encoding="utf-8"))
    for package in manifest["package"]:
        if given.only not in {"", package["name"]}:
            continue
        source = unpacked(package, given.cache)
        inventory, seconds = scanned(source)
        sites, resolved, canvas = dispatches(inventory)
        report = {
            "package": f"{package['name']} {package['version']}",
            "seconds": round(seconds, 1),
            "tasks": sum(not task.in_tests for task in inventory.tasks),
            "dispatches": sites,
            "of a canvas": canvas,
            "resolved": f"{100 * resolved / max(sites, 1):.1f} %",
            "schedules": len(inventory.schedules),
            "blind spots": len(inventory.blind_spots),
        }
        if given.registry and package.get("app"):
            report |= compared(package, source, inventory, given.cache)
        print(json.dumps(report, indent=1, ensure_ascii=False))


if __name__ == "__main__":
    main()
