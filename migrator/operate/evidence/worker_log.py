"""Lines of a Celery worker's log.

`Task NAME[ID] succeeded in 0.5s: RESULT`: the name, the id and the time are read, what
follows is not looked at. Works for any log format that keeps Celery's messages.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from migrator.operate.evidence.samples import Samples

LINE = re.compile(
    r"\bTask (?P<name>[\w.:/@-]+)\[(?P<id>[^\]\s]{1,255})\] "
    r"(?:succeeded in (?P<seconds>\d+(?:\.\d+)?(?:e-?\d+)?)s\b"
    r"|(?P<other>received|raised (?:un)?expected|retry|ignored|rejected))"
)
TIME = re.compile(
    r"(?P<day>\d{4}-\d\d-\d\d)[T ](?P<clock>\d\d:\d\d:\d\d)(?:[.,](?P<part>\d{1,6}))?"
    r"(?P<zone>Z|[+-]\d\d:?\d\d)?"
)
MAX_OPEN_RUNS = 200_000


def read_worker_log(lines: Iterable[str], samples: Samples) -> int:
    """The number of lines that told of a task."""
    received: dict[str, float] = {}
    taken = 0
    for line in lines:
        match = LINE.search(line)
        if match is None:
            continue
        taken += 1
        moment = moment_of(line[: match.start()])
        samples.at(moment)
        _take(match, moment, received, samples)
        while len(received) > MAX_OPEN_RUNS:
            del received[next(iter(received))]
    return taken


def _take(
    match: re.Match[str],
    moment: float | None,
    received: dict[str, float],
    samples: Samples,
) -> None:
    name, task_id, what = match["name"], match["id"], match["other"]
    if match["seconds"] is not None:
        received.pop(task_id, None)
        if samples.is_new(task_id, "end"):
            samples.finished(name, float(match["seconds"]), ended=moment)
    elif what == "received":
        if moment is not None:
            received[task_id] = moment
    elif what == "retry":
        if samples.is_new(f"{task_id}@{moment}", "task-retried"):
            samples.retried(name)
    elif what.startswith("raised") or what == "rejected":
        _failed(name, task_id, moment, received.pop(task_id, None), samples)


def _failed(
    name: str,
    task_id: str,
    moment: float | None,
    received: float | None,
    samples: Samples,
) -> None:
    """A failure has no run time in the log; from its receipt on is an upper bound."""
    seconds = None
    if moment is not None and received is not None:
        seconds = max(0.0, moment - received)
    if samples.is_new(task_id, "end"):
        samples.finished(name, seconds, ended=moment, is_failure=True)


def moment_of(text: str) -> float | None:
    """The first date and time in the text, as seconds since 1970; no zone is UTC."""
    match = TIME.search(text)
    if match is None:
        return None
    part = (match["part"] or "0").ljust(6, "0")
    zone = (match["zone"] or "+00:00").replace("Z", "+00:00")
    try:
        moment = datetime.fromisoformat(f"{match['day']}T{match['clock']}.{part}{zone}")
    except ValueError:
        return None
    return moment.astimezone(UTC).timestamp()
