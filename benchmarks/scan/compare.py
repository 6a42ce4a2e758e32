"""S1, S2, S4 and S7: the scan beside other tools, over folders that are given.

    python benchmarks/scan/compare.py FOLDER... [--rounds 3] [--codemod]

Prints ratios of CPU seconds (user and system, of all processes), measured in turn in
one run, and the peak memory of the scan. Needs `ast-grep` on PATH (S1) and LibCST (S2).
`--codemod` runs LibCST's no-op codemod over the whole folder, which takes minutes.
"""

from __future__ import annotations

import argparse
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[2]
SCAN = """
import resource, sys
from pathlib import Path
from migrator.project import open_project
from migrator.scan import scan_project
cache = Path(sys.argv[2]) if len(sys.argv) > 2 else None
inventory = scan_project(open_project(Path(sys.argv[1])), cache=cache)
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
print(len(inventory.tasks), len(inventory.call_sites), peak)
"""
NO_OP = """
import libcst
from libcst.codemod import VisitorBasedCodemodCommand


class NoOp(VisitorBasedCodemodCommand):
    DESCRIPTION = "Changes nothing."
"""


def cost(command, **options):
    """CPU seconds, wall seconds and standard output of a command."""
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, **options
    )
    if done.returncode and "ast-grep" not in command[0]:  # which ends with 1: no match
        sys.exit(done.stderr)
    after, wall = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    user = after.ru_utime - before.ru_utime
    return user + after.ru_stime - before.ru_stime, wall - started, done.stdout


def scan(folder, *cache):
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return cost([sys.executable, "-c", SCAN, str(folder), *cache], env=environment)


def ast_grep(folder):
    command = ["ast-grep", "run", "-p", "$X.delay($$$)", "-l", "python", str(folder)]
    return cost(command)


def codemod(folder):
    """LibCST's own runner over a copy, so that nothing of the original can change."""
    with tempfile.TemporaryDirectory() as temporary:
        copy = Path(temporary) / "copy"
        shutil.copytree(folder, copy, symlinks=True)
        (Path(temporary) / "noop.py").write_text(NO_OP, encoding="utf-8")
        environment = {**os.environ, "PYTHONPATH": temporary}
        command = [sys.executable, "-m", "libcst.tool", "codemod", "-x", "--jobs=2"]
        return cost([*command, "noop.NoOp", str(copy)], env=environment, cwd=temporary)


def measured(folder, rounds, *, with_codemod):
    cold, warm, other, peak = [], [], [], 0
    with tempfile.TemporaryDirectory() as cache:
        scan(folder, cache)
        for _ in range(rounds):
            seconds, _, said = scan(folder)
            cold.append(seconds)
            peak = max(peak, int(said.split()[-1]))
            if shutil.which("ast-grep"):
                other.append(ast_grep(folder)[0])
            warm.append(scan(folder, cache)[0])
    found = statistics.median(cold)
    print(f"{folder.name}: cold {found:.2f} s, peak {peak} MiB")
    if other:
        grep = statistics.median(other)
        print(f"  S1 cold / ast-grep    {found / grep:.2f}   (ast-grep {grep:.2f} s)")
    ratio = statistics.median(warm) / found
    print(
        f"  S4 warm / cold        {ratio:.2f}   (warm {statistics.median(warm):.2f} s)"
    )
    if with_codemod:
        slow = codemod(folder)[0]
        print(f"  S2 cold / codemod     {found / slow:.4f}   (codemod {slow:.1f} s)")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--codemod", action="store_true")
    given = parser.parse_args()
    for folder in given.folders:
        measured(folder.resolve(), given.rounds, with_codemod=given.codemod)


if __name__ == "__main__":
    main()
