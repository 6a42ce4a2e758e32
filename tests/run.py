"""The whole suite, step by step: what `make test` and CI run.

    python -m tests.run            everything
    python -m tests.run lint       only that step (see STEPS)

Every step runs even if one before it failed; the exit code is 0 only if all passed.
A step that cannot run here (a server is missing) is named, and fails when CI=true.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
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
# tier: whether its tests may run side by side. Those that start many processes or
# count runs against the clock get the machine to themselves.
TIERS = {
    "unit": True,
    "golden": True,
    "property": True,
    "typing": True,
    "security": True,
    "conformance": True,
    "transition": False,
    "acceptance": False,
    "browser": False,
}


def run(*command: object) -> bool:
    line = [str(part) for part in command]
    print(f"\n$ {' '.join(line)}", flush=True)
    return subprocess.run(line, cwd=ROOT, check=False).returncode == 0


def lint() -> bool:
    checked = run(PYTHON, "-m", "ruff", "check", ".")
    return run(PYTHON, "-m", "ruff", "format", "--check", ".") and checked


def types() -> bool:
    return run(PYTHON, "-m", "mypy", *TYPED)


def pytest(tier: str, *, in_parallel: bool) -> bool:
    folder = ROOT / "tests" / tier
    if not any(folder.rglob("test_*.py")):
        return True
    workers = ("-n", "auto") if in_parallel else ()
    return run(PYTHON, "-m", "pytest", f"tests/{tier}", "-q", *workers)


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
    **{
        tier: lambda tier=tier, side=side: pytest(tier, in_parallel=side)
        for tier, side in TIERS.items()
    },
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
    for line in missing:
        print(f"left out     {line}")
    failed = sum(not passed for passed, _ in results.values())
    failed += len(missing) if IN_CI else 0
    print(f"steps: {len(results) - failed} passed, {failed} failed", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
