"""Our evaluator of Kubernetes' schedules against the library that Kubernetes uses.

    PYTHONPATH=. python benchmarks/schedules/against_robfig.py [--cases N] [--seed N]

Needs Go and github.com/robfig/cron v3, as of the Debian packages golang-go and
golang-github-robfig-cron-dev.
Both sides read the same tz database. Prints every difference, and what was compared.
"""

from __future__ import annotations

import argparse
import os
import random
import subprocess
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import available_timezones, reset_tzpath

SYSTEM = "/usr/share/zoneinfo"
GO = {"GO111MODULE": "off", "GOPATH": "/usr/share/gocode", "ZONEINFO": SYSTEM}
FIRES = 40
NAMES = {"w": ("sun", "mon", "tue", "wed", "thu", "fri", "sat")}
FIELDS = ((0, 59, ""), (0, 23, ""), (1, 31, ""), (1, 12, ""), (0, 6, "w"))


def field(rng, low, high, names):
    """A field in the forms of the library's documentation, some of them invalid."""
    first, last = sorted((rng.randint(low, high), rng.randint(low, high)))
    several = rng.sample(range(low, high + 1), rng.randint(1, 4))
    forms = ["*", "*", "*", "?", f"*/{rng.randint(1, 40)}", str(first)]
    forms += [
        ",".join(map(str, several)),
        f"{first}-{last}",
        f"{first}/{1 + last // 3}",
    ]
    forms += [f"{first}-{last}/{rng.randint(1, 9)}", f"{last}-{first}", f"{high + 1}"]
    if names:
        forms.append(rng.choice(NAMES[names]).upper())
    return rng.choice(forms)


def cases(count, seed, zones):
    rng = random.Random(seed)
    for _ in range(count):
        parts = [field(rng, *bounds) for bounds in FIELDS]
        if rng.random() < 0.5:  # hours at which the clocks change
            parts[1] = rng.choice(("0", "1", "2", "3", "0-3", "23", "*/2"))
        if rng.random() < 0.5:
            parts[2:4] = ["*", "*"]
        seconds = rng.randrange(9 * 365 * 86_400)
        start = datetime(2025, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
        yield rng.choice(zones), start, " ".join(parts)


def theirs(given):
    lines = "".join(
        f"{zone}\t{int(start.timestamp())}\t{FIRES}\t{text}\n"
        for zone, start, text in given
    )
    with tempfile.TemporaryDirectory() as folder:
        program = Path(folder) / "robfig"
        source = Path(__file__).parent / "robfig" / "main.go"
        build = {**os.environ, **GO, "GOCACHE": folder + "/cache"}
        line = ["go", "build", "-o", str(program), str(source)]
        subprocess.run(line, env=build, check=True)
        done = subprocess.run(
            [program],
            input=lines,
            env=build,
            check=True,
            capture_output=True,
            text=True,
        )
    return done.stdout.splitlines()


def ours(zone, start, text):
    from migrator.schedules import CronError, CronRule

    try:
        rule = CronRule(text, zone)
    except CronError:
        return "error"
    found, at = [], start
    while len(found) < FIRES and (at := rule.next_after(at)) is not None:
        found.append(int(at.timestamp()))
    return "".join(f"{second} " for second in found)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--zones", nargs="*", help="default: every zone that there is")
    options = parser.parse_args()
    reset_tzpath([SYSTEM])
    zones = options.zones or sorted(available_timezones() - {"Factory", "localtime"})
    given = list(cases(options.cases, options.seed, zones))
    different = fires = rejected = 0
    for case, theirs_is in zip(given, theirs(given), strict=True):
        ours_is = ours(*case)
        fires += len(theirs_is.split())
        rejected += theirs_is == "error"
        if ours_is != theirs_is:
            different += 1
            print(case, "ours:", ours_is[:120], "theirs:", theirs_is[:120])
    print(f"{len(given)} schedules, {len(zones)} zones, {fires} fires, ", end="")
    print(f"{rejected} rejected, {different} differences")


if __name__ == "__main__":
    main()
