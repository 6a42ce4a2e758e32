"""Run every case on the side that PARITY_SIDE names; outcomes go to stdout as JSON."""

from __future__ import annotations

import contextlib
import json
import os
import sys
import time
import traceback

from . import tasks  # noqa: F401 - declares the tasks of both sides
from .cases import load
from .side import SIDE, app


def main(chosen):
    """Play the chosen cases, or all but those that PARITY_EXCEPT names."""
    from shim import runner

    app.finalize()
    outcomes, times = {}, {}
    excepted = os.environ.get("PARITY_EXCEPT", "").split(",")
    with contextlib.nullcontext() if SIDE == "celery" else runner():
        for name, function in load().items():
            if (chosen and name not in chosen) or name in excepted:
                continue
            begun = time.monotonic()
            outcomes[name] = _outcome(function)
            times[name] = round(time.monotonic() - begun, 2)
    slow = sorted(times.items(), key=lambda item: -item[1])[:8]
    sys.stderr.write(f"{sum(times.values()):.1f} s, slowest {slow}\n")
    sys.stdout.write(json.dumps(outcomes, default=repr))


def _outcome(function):
    try:
        return json.loads(json.dumps(function(), default=repr))
    except Exception as error:  # noqa: BLE001 - the outcome of a case that fails
        where = traceback.extract_tb(error.__traceback__)[-1]
        return f"case failed: {error!r} at {where.filename}:{where.lineno}"


if __name__ == "__main__":
    main(sys.argv[1:])
