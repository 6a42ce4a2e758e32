"""Reads the file in which beat remembers its last runs (`celerybeat-schedule`)."""

from __future__ import annotations

import dbm
import io
import pickle
from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from migrator.schedules.stored import BEAT, StoredEntry, StoreReadError

if TYPE_CHECKING:
    from pathlib import Path


def read_shelve(path: Path) -> tuple[StoredEntry, ...]:
    """The entries with their last runs, by the name given to beat's `--schedule`.

    Their schedules stand in the code, so there is no spec. StoreReadError where the
    file is missing, locked by a running beat, or of another kind.
    """
    try:
        with dbm.open(str(path), "r") as file:
            content = file.get(b"entries")
    except (OSError, *dbm.error) as error:
        reason = "missing, locked by a running beat, or no such file"
        raise StoreReadError(f"{path.name}: {reason} ({error})") from error
    if content is None:
        return ()
    try:
        entries = _InertUnpickler(io.BytesIO(content)).load()
    except Exception as error:  # a pickle may end in any of them
        raise StoreReadError(f"{path.name}: not beat's state ({error})") from error
    if not isinstance(entries, dict):
        raise StoreReadError(f"{path.name}: not beat's state")
    return tuple(
        _entry(name, value) for name, value in entries.items() if _is_entry(value)
    )


def _is_entry(value: object) -> bool:
    return isinstance(value, _Inert) and len(value.arguments) > _LAST_RUN


# Positions among the arguments of beat's ScheduleEntry, the first being its name.
_TASK, _LAST_RUN = 1, 2


def _entry(name: object, value: _Inert) -> StoredEntry:
    last = value.arguments[_LAST_RUN]
    moment = None
    if isinstance(last, datetime):
        aware = last if last.tzinfo else last.replace(tzinfo=UTC)
        moment = aware.astimezone(UTC)
    task = str(value.arguments[_TASK])
    unreadable = "it stands in the code"
    return StoredEntry(str(name), task, moment, unreadable=unreadable, origin=BEAT)


class _Inert:
    """Stands in for every class of the pickle: keeps what it is given, does nothing."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        self.arguments = arguments
        self.named = named

    def __setstate__(self, state: Any) -> None:
        self.state = state

    def __call__(self, *arguments: Any, **named: Any) -> _Inert:
        return _Inert(*arguments, **named)

    # Pickled containers of unknown classes are filled by these.
    def append(self, _item: Any) -> None: ...
    def extend(self, _items: Any) -> None: ...
    def __setitem__(self, _key: Any, _value: Any) -> None: ...


def _attribute(owner: Any, name: str) -> Any:
    """`getattr`, of which only ZoneInfo's own unpickling is allowed."""
    if owner is ZoneInfo and name == "_unpickle":
        return _zone
    return _Inert


def _zone(key: str, _from_cache: object = None) -> ZoneInfo:
    return ZoneInfo(key)


def _pytz(*arguments: Any) -> Any:
    # An offset of the past is no loss: the datetimes of beat are in UTC or aware.
    return ZoneInfo(arguments[0]) if arguments else UTC


_ALLOWED: dict[tuple[str, str], Any] = {
    ("datetime", "datetime"): datetime,
    ("datetime", "timedelta"): timedelta,
    ("datetime", "timezone"): timezone,
    ("zoneinfo", "ZoneInfo"): ZoneInfo,
    ("zoneinfo", "ZoneInfo._unpickle"): _zone,
    ("builtins", "getattr"): _attribute,
    ("pytz", "_UTC"): _pytz,
    ("pytz", "_p"): _pytz,
}


class _InertUnpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        return _ALLOWED.get((module, name), _Inert)
