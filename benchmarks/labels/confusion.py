"""Compares verdicts with labels given by hand, task by task.

    python benchmarks/labels/confusion.py CORPUS [--half a|b] [--list]

CORPUS is a folder that holds the unpacked source distributions named in labels.csv
(`weblate-5.14.3/`, ...). Weights were calibrated on half a; half b is for reporting.
"""

from __future__ import annotations

import argparse
import csv
import re
import sys
import zlib
from collections import Counter
from pathlib import Path

LABELS = Path(__file__).with_name("labels.csv")
LEVELS = ("light", "review", "heavy")


def half_of(task: str) -> str:
    """Decided by the name, so that a new label never moves the others."""
    return "ab"[zlib.crc32(task.encode()) & 1]


def read_labels(half: str = "") -> list[dict[str, str]]:
    with LABELS.open(newline="") as lines:
        rows = list(csv.DictReader(lines))
    return [row for row in rows if half in {"", half_of(row["task"])}]


def folder_of(corpora: list[Path], package: str) -> Path:
    name, _, version = package.partition("==")
    wanted = f"{name}-{version}".replace("-", "_").lower()
    for corpus in corpora:
        for folder in corpus.iterdir():
            if re.sub(r"[-.]", "_", folder.name).lower() == re.sub(
                r"[-.]", "_", wanted
            ):
                return folder
    sys.exit(f"{package}: its unpacked sdist is not in {', '.join(map(str, corpora))}")


def verdicts_of(folder: Path):
    from migrator.classify import classify
    from migrator.project import open_project
    from migrator.scan import scan_project

    return {v.task: v for v in classify(scan_project(open_project(folder)))}


def compare(corpora: list[Path], half: str):
    """(label, verdict or None) for each labelled task."""
    cache: dict[str, dict] = {}
    for row in read_labels(half):
        package = row["package"]
        if package not in cache:
            cache[package] = verdicts_of(folder_of(corpora, package))
        yield row, cache[package].get(row["task"])


def show(counts: Counter, title: str) -> None:
    print(f"\n{title}: {sum(counts.values())} tasks")
    print(f"{'by hand':>10} | " + " ".join(f"{v:>7}" for v in LEVELS) + "   (verdict)")
    for label in LEVELS:
        cells = " ".join(f"{counts[label, v]:>7}" for v in LEVELS)
        print(f"{label:>10} | {cells}")
    light = sum(counts["light", v] for v in LEVELS)
    kept = light - counts["light", "heavy"]
    print(f"heavy called light: {counts['heavy', 'light']}")
    print(f"light not called heavy: {kept} of {light} ({100 * kept / light:.0f} %)")
    print(f"light called light: {counts['light', 'light']} of {light}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("corpus", type=Path, nargs="+")
    parser.add_argument("--half", choices=("a", "b"), default="")
    parser.add_argument("--list", action="store_true", help="name the differences")
    options = parser.parse_args()
    halves = [options.half] if options.half else ["a", "b"]
    for half in halves:
        counts: Counter = Counter()
        for row, verdict in compare(options.corpus, half):
            if verdict is None:
                print(f"not found: {row['package']} {row['task']}")
                continue
            level = verdict.level.value
            counts[row["label"], level] += 1
            if options.list and level != row["label"]:
                first = verdict.findings[0] if verdict.findings else None
                reason = f"{first.rule}: {first.message}" if first else "nothing seen"
                print(f"{row['label']:>6} -> {level:6} {row['task']}  {reason[:90]}")
        show(counts, f"half {half}")


if __name__ == "__main__":
    main()
