"""Proofs that held, kept so that the next command need not make them again.

Planning proves every schedule, and most commands plan. A proof is known by everything
that it rests on: the schedule and what it becomes, the clock changes of its zone as
this machine tells them, and the code of Celery, of APScheduler and of our own that was
run. `migrate verify` does not ask here: it proves anew.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from migrator.schedules.proof import prove
from migrator.schedules.zones import clock_changes, zone_info
from migrator.shipped import templates_folder

if TYPE_CHECKING:
    from collections.abc import Iterable

    from migrator.schedules.conversion import Conversion
    from migrator.schedules.proof import Proof

FILE_NAME = "proofs.json"
MOST_KEPT = 1_000
MOST_BYTES = 1_000_000
YEARS = 2.0
_WEEK = timedelta(days=7)
_MARGIN = timedelta(days=2)  # a run may look back over a clock change
_GENERATED = ("apscheduler/clock.py", "apscheduler/triggers.py")


@dataclass(frozen=True, slots=True)
class Held:
    """The outcome of a proof. `why_not` is empty where every compared run is equal."""

    compared: int
    why_not: str = ""


class KeptProofs:
    """Proves each schedule once; with a folder, once a week over all commands."""

    def __init__(self, folder: Path | None = None, now: datetime | None = None) -> None:
        moment = (now or datetime.now(UTC)).astimezone(UTC)
        day = moment.replace(hour=0, minute=0, second=0, microsecond=0)
        # From Monday on and a week longer: two years are ahead on each of its days.
        self._start = day - timedelta(days=day.weekday())
        self._end = self._start + _WEEK + timedelta(days=365.25 * YEARS)
        self._file = None if folder is None else folder / FILE_NAME
        self._known: dict[str, int] | None = None
        self._is_changed = False

    def prove(self, conversion: Conversion, target: str) -> Held:
        """Whether it fires as Celery does for two years from now on.

        NotConvertibleError where the schedule is refused for the target.
        """
        if self._known is None:
            self._known = _read(self._file)
        digest = self._digest(conversion, target)
        if digest in self._known:
            return Held(self._known[digest])
        years = (self._end - self._start) / timedelta(days=365.25)
        proof = prove(conversion, start=self._start, years=years, target=target)
        if not proof.identical:  # told each time from the schedule as it is
            return Held(proof.compared, _why_not(proof))
        self._known[digest] = proof.compared
        self._is_changed = True
        return Held(proof.compared)

    def keep(self) -> None:
        """Write what was proven; a folder that cannot be written is no failure."""
        if self._file is None or self._known is None or not self._is_changed:
            return
        latest = list(self._known.items())[-MOST_KEPT:]
        try:
            _write(self._file, json.dumps(dict(latest)))
        except OSError:
            return

    def _digest(self, conversion: Conversion, target: str) -> str:
        start, end = self._start - _MARGIN, self._end + _MARGIN
        offset = start.astimezone(zone_info(conversion.zone)).utcoffset()
        rests_on = (
            target,
            sorted((key, _plain(value)) for key, value in conversion.spec.items()),
            conversion.zone,
            conversion.fields,
            conversion.interval,
            str(conversion.trigger_source),
            [str(part) for part in conversion.kubernetes_schedule or ()],
            (start, end),
            (offset, clock_changes(conversion.zone, start, end)),
            _code(),
        )
        return hashlib.blake2b(repr(rests_on).encode(), digest_size=20).hexdigest()


def _why_not(proof: Proof) -> str:
    return str(proof.difference) if proof.difference else "it never runs"


def _plain(value: Any) -> str:
    """The same text for the same value in every process: sets have no order."""
    if isinstance(value, set | frozenset):
        return f"set({sorted(map(repr, value))})"
    return repr(value)


@cache
def _code() -> str:
    """Of all that takes part in a proof, whatever version it says it has."""
    total = hashlib.blake2b(sys.version.encode(), digest_size=20)
    for path in _files():
        total.update(path.name.encode() + b"\0" + path.read_bytes())
    return total.hexdigest()


def _files() -> Iterable[Path]:
    yield from sorted(Path(__file__).parent.glob("*.py"))
    yield from (templates_folder() / name for name in _GENERATED)
    celery = _folder("celery")
    yield from (celery / "__init__.py", celery / "schedules.py")
    yield celery / "utils" / "time.py"
    yield from sorted(_folder("apscheduler").glob("triggers/**/*.py"))
    yield _folder("apscheduler") / "util.py"


def _folder(package: str) -> Path:
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError(f"no module named {package!r}", name=package)
    return Path(spec.origin).parent


def _read(file: Path | None) -> dict[str, int]:
    """What the file holds; nothing where it is absent, foreign or damaged."""
    if file is None:
        return {}
    try:
        with file.open("rb") as opened:
            status = os.fstat(opened.fileno())
            if status.st_uid != os.getuid() or status.st_size > MOST_BYTES:
                return {}
            kept = json.load(opened)
    except (OSError, ValueError, RecursionError):
        return {}
    is_ours = isinstance(kept, dict) and all(
        type(count) is int and count > 0 for count in kept.values()
    )
    return kept if is_ours else {}


def _write(file: Path, text: str) -> None:
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile("w", dir=file.parent, delete=False) as new:
        try:
            new.write(text)
        except BaseException:
            Path(new.name).unlink()
            raise
    Path(new.name).replace(file)


__all__ = ["Held", "KeptProofs"]
