"""The whole suite, step by step: what `make test` and CI run.

    python -m tests.run            everything
    python -m tests.run lint       only that step (see STEPS)

Every step runs even if one before it failed; the exit code is 0 only if all passed.
A step that cannot run here (a server is missing) is named, and fails when CI=true.
"""

from __future__ import annotations

import functools
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tests import release
from tests.servers import ServerMissingError, postgres_binaries, redis_program

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).parents[1]
PYTHON = sys.executable
IN_CI = os.environ.get("CI") == "true"
TYPED = ("migrator", "shim")
PROGRAMS = {
    "rabbitmq": "rabbitmq-server",
    "a browser": "chromium",
    "Prometheus' own checks": "promtool",
}
# Their jobs fire by the clock, and are counted: they get the machine to themselves.
BY_THE_CLOCK = "test_scheduler_*.py"


@dataclass(frozen=True)
class Part:
    """Test files of a tier that run in one pytest; `only` and `but` are globs."""

    side_by_side: bool = True
    only: str = ""
    but: str = ""


TIERS = {
    "unit": [Part()],
    "golden": [Part()],
    "property": [Part()],
    "typing": [Part(side_by_side=False)],
    "security": [Part()],
    "conformance": [Part()],
    "transition": [Part(side_by_side=False)],
    "acceptance": [Part(but=BY_THE_CLOCK), Part(side_by_side=False, only=BY_THE_CLOCK)],
    "browser": [Part(side_by_side=False)],
}
# A test of these that fails is run once more by itself: the machine may have been too
# busy for it. It passes then, and is named at the end as unsteady: a thing to mend.
WITH_PROCESSES = {"conformance", "transition", "acceptance", "browser"}
unsteady: list[str] = []


def run(*command: object) -> bool:
    line = [str(part) for part in command]
    print(f"\n$ {' '.join(line)}", flush=True)
    return subprocess.run(line, cwd=ROOT, check=False).returncode == 0


def lint() -> bool:
    checked = run(PYTHON, "-m", "ruff", "check", ".")
    return run(PYTHON, "-m", "ruff", "format", "--check", ".") and checked


def types() -> bool:
    return run(PYTHON, "-m", "mypy", *TYPED)


def tier(name: str) -> bool:
    results = [pytest(name, part) for part in TIERS[name]]
    return all(results)


def pytest(name: str, part: Part) -> bool:
    """Run a part of a tier; True if all of it passed, be it the second time."""
    folder = ROOT / "tests" / name
    chosen = sorted(folder.glob(part.only)) if part.only else [folder]
    with tempfile.TemporaryDirectory() as cache:
        command = [PYTHON, "-m", "pytest", "-q", "-o", f"cache_dir={cache}", *chosen]
        options = ["-n", "auto"] if part.side_by_side else []
        options += [f"--ignore-glob=*/{part.but}"] if part.but else []
        if run(*command, *options):
            return True
        noted = Path(cache, "v/cache/lastfailed")
        if name not in WITH_PROCESSES or not noted.exists():
            return False
        failed = sorted(json.loads(noted.read_text()))
        again = run(*command, "--last-failed", "--last-failed-no-failures=none")
    unsteady.extend(failed if again else [])
    return again


def wheel() -> bool:
    """Built twice and tested on this Python; `make release` takes all of them."""
    return release.wheel({"this": PYTHON})


def left_out() -> list[str]:
    """What the suite cannot show on this machine, a line each."""
    missing = []
    for what, find in (("redis", redis_program), ("postgres", postgres_binaries)):
        try:
            find()
        except ServerMissingError as error:
            missing.append(f"tests that need {what}: {error}")
    for what, name in PROGRAMS.items():
        if not shutil.which(name):
            missing.append(f"tests that need {what}: no {name} on PATH")
    return missing


STEPS: dict[str, Callable[[], bool]] = {
    "lint": lint,
    "types": types,
    **{name: functools.partial(tier, name) for name in TIERS},
    "wheel": wheel,
}


def main(wanted: list[str]) -> int:
    results = {}
    for name in wanted or STEPS:
        started = time.monotonic()
        results[name] = (STEPS[name](), time.monotonic() - started)
    missing = left_out()
    print("\n" + "=" * 60)
    for name, (passed, seconds) in results.items():
        print(f"{name:<12} {'passed' if passed else 'FAILED':<7} {seconds:6.1f} s")
    for line in unsteady:
        print(f"unsteady     {line}: failed, then passed by itself")
    for line in missing:
        print(f"left out     {line}")
    failed = sum(not passed for passed, _ in results.values())
    failed += len(missing) if IN_CI else 0
    print(f"steps: {len(results) - failed} passed, {failed} failed", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
