"""The labelled sample is large, complete, and each label has its reason."""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path

LABELS = Path(__file__).parents[3] / "benchmarks" / "labels" / "labels.csv"


def rows():
    with LABELS.open(newline="", encoding="utf-8") as lines:
        return list(csv.DictReader(lines))


def test_at_least_a_hundred_tasks_of_several_packages_are_labelled():
    assert len(rows()) >= 100
    assert len({row["package"] for row in rows()}) >= 5
    assert all("==" in row["package"] for row in rows())


def test_each_task_has_one_label_of_three_and_a_reason():
    names = Counter((row["package"], row["task"]) for row in rows())
    assert names.most_common(1)[0][1] == 1
    assert {row["label"] for row in rows()} == {"light", "review", "heavy"}
    assert all(len(row["reason"]) > 10 for row in rows())
