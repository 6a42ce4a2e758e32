"""S1, S2, S4, S6 and S7: scan and diff beside other tools, over folders given.

    python benchmarks/scan/compare.py FOLDER... [--rounds 3] [--codemod N]

Prints ratios of CPU seconds (user and system, of all processes), measured in turn in
one run, and the peak memory of the scan. Needs `ast-grep` on PATH (S1) and LibCST.
`--codemod N` runs LibCST's codemods (S2: no-op; S6: with metadata providers) over every
Nth file and multiplies by the share of bytes; with 1 over all, which takes minutes.
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
CODEMODS = """
from libcst.codemod import VisitorBasedCodemodCommand
from libcst.metadata import PositionProvider, QualifiedNameProvider, ScopeProvider


class NoOp(VisitorBasedCodemodCommand):
    DESCRIPTION = "Changes nothing."


class WithMetadata(NoOp):
    METADATA_DEPENDENCIES = (PositionProvider, QualifiedNameProvider, ScopeProvider)
"""


def cost(command, ends_with=0, **options):
    """CPU seconds, wall seconds and standard output of a command."""
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, **options
    )
    if done.returncode not in {0, ends_with}:
        sys.exit(done.stderr)
    after, wall = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    user = after.ru_utime - before.ru_utime
    return user + after.ru_stime - before.ru_stime, wall - started, done.stdout


def scan(folder, *cache):
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return cost([sys.executable, "-c", SCAN, str(folder), *cache], env=environment)


def ast_grep(folder):
    command = ["ast-grep", "run", "-p", "$X.delay($$$)", "-l", "python", str(folder)]
    return cost(command, ends_with=1)  # no match


def codemod(folder, name, every):
    """CPU seconds of LibCST's own runner over a copy of every Nth file, scaled up."""
    files = sorted(path for path in folder.rglob("*.py") if path.is_file())
    taken = files[::every]
    share = _size(taken) / _size(files)
    with tempfile.TemporaryDirectory() as temporary:
        copy = Path(temporary) / "copy"
        copy.mkdir()
        for number, path in enumerate(taken):
            shutil.copy(path, copy / f"m{number}.py")
        (Path(temporary) / "codemods.py").write_text(CODEMODS, encoding="utf-8")
        environment = {**os.environ, "PYTHONPATH": temporary}
        command = [sys.executable, "-m", "libcst.tool", "codemod", "-x", "--jobs=2"]
        command += [f"codemods.{name}", str(copy)]
        return cost(command, env=environment, cwd=temporary)[0] / share


def _size(paths):
    return sum(path.stat().st_size for path in paths)


def diff(folder):
    """CPU seconds of `migrate diff` of all that the plan would move, without caches."""
    with tempfile.TemporaryDirectory() as temporary:
        copy = Path(temporary) / folder.name
        shutil.copytree(folder, copy, symlinks=True)
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "MIGRATE_CACHE": "off"}
        migrate = [sys.executable, "-m", "migrator"]
        cost([*migrate, "plan"], env=environment, cwd=copy)
        return cost([*migrate, "diff"], ends_with=1, env=environment, cwd=copy)[0]


def measured(folder, rounds, every):
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
    if every:
        slow = codemod(folder, "NoOp", every)
        print(f"  S2 cold / codemod     {found / slow:.4f}   (codemod {slow:.1f} s)")
        slower, ours = codemod(folder, "WithMetadata", every), diff(folder)
        print(f"  S6 diff / codemod     {ours / slower:.4f}   (diff {ours:.2f} s)")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--codemod", type=int, default=0, metavar="N")
    given = parser.parse_args()
    for folder in given.folders:
        measured(folder.resolve(), given.rounds, given.codemod)


if __name__ == "__main__":
    main()
