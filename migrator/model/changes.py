"""The ChangeSet: files as bytes before and after, and what is left to people."""

from __future__ import annotations

from dataclasses import dataclass

from migrator.model.places import Location


@dataclass(frozen=True, slots=True)
class FileChange:
    """One file, before and after, as bytes. None: it does not exist on that side."""

    path: str
    before: bytes | None
    after: bytes | None
    reasons: tuple[str, ...] = ()  # task or schedule names that ask for it


@dataclass(frozen=True, slots=True)
class ManualStep:
    """What a person has to do, because the tool cannot do it safely."""

    location: Location | None
    text: str
    reason: str


@dataclass(frozen=True, slots=True)
class Refusal:
    """An edit that cannot be done safely: the task or schedule stays as it is."""

    name: str  # of the task, or of the schedule entry
    location: Location
    reason: str


@dataclass(frozen=True, slots=True)
class ChangeSet:
    changes: tuple[FileChange, ...] = ()
    manual_steps: tuple[ManualStep, ...] = ()
    refusals: tuple[Refusal, ...] = ()
