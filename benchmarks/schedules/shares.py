"""How many schedules each target takes over, and whether each fires as Celery does.

    PYTHONPATH=. python benchmarks/schedules/shares.py [--random N] [--realistic N]
        [--prove N] [--seed N]

Prints the table of docs/reference/schedules.md: of random schedules (every form that
Celery accepts) and of realistic ones (forms and frequencies of surveyed projects), over
UTC and twelve zones with clock changes. Of `--prove` cases of each kind every fire time
is compared too, for two years; 1000 take about ten minutes of CPU.
"""

from __future__ import annotations

import argparse
import time
from collections import Counter

from migrator.schedules import convert, prove
from tests.property import test_schedules_equal as cases

OUTCOMES = ("all", "plain", "guarded", "refused")
TARGETS = ("apscheduler", "kubernetes")


def outcome(conversion, target):
    if target in conversion.refusal:
        return "refused"
    if target == "kubernetes" and not conversion.is_plain_for_kubernetes:
        return "guarded"
    return "plain"


def measure(maker, count, proven, tally):
    """Count the outcomes of the cases that Celery itself accepts."""
    found = []
    for number in range(count):
        spec, start = cases.case(number, maker)
        conversion = convert(spec)
        if "Celery rejects" in conversion.refusal.get("apscheduler", ""):
            continue
        for target in TARGETS:
            key = (maker.__name__, spec["kind"], target)
            tally[(*key, "all")] += 1
            tally[(*key, outcome(conversion, target))] += 1
            if number >= proven or target in conversion.refusal:
                continue
            proof = prove(conversion, start=start, target=target, most_fires=600)
            tally[(*key, "compared")] += proof.compared
            tally[(*key, "proven")] += 1
            if proof.difference is not None:
                found.append(f"{target}: {spec} {proof.difference}")
    return found


def row(key, tally):
    total = tally[(*key, "all")]
    shares = [100 * tally[(*key, name)] / total for name in OUTCOMES[1:]]
    cells = [*key, f"{total:,}", *(f"{share:.1f} %" for share in shares)]
    cells += [f"{tally[(*key, 'proven')]:,}", f"{tally[(*key, 'compared')]:,}"]
    return "| " + " | ".join(cells) + " |"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--random", type=int, default=10_000)
    parser.add_argument("--realistic", type=int, default=2_000)
    parser.add_argument("--prove", type=int, default=0)
    parser.add_argument("--seed", type=int, default=cases.SEED)
    given = parser.parse_args()
    cases.SEED = given.seed
    began, tally, found = time.process_time(), Counter(), []
    for maker, count in (
        (cases.random_crontab, given.random),
        (cases.random_interval, given.random),
        (cases.realistic, given.realistic),
    ):
        found += measure(maker, count, given.prove, tally)
    print("| cases | kind | target | all | plain | guarded | refused |", end="")
    print(" proven | fires compared |")
    print("|" + "---|" * 9)
    for key in sorted({key[:3] for key in tally}):
        print(row(key, tally))
    print(f"\n{len(found)} differences, {time.process_time() - began:.0f} s of CPU")
    print("\n".join(found))


if __name__ == "__main__":
    main()
