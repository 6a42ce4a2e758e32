"""Reads `[tool.migrate]` of the target's pyproject.toml.

[tool.migrate]
package = "light_tasks"          # import name of the generated package
package_path = "src/light_tasks" # its folder; default: beside the Celery app
shim = "shim"                    # import name of the shim, if vendored
exclude = ["legacy/**"]          # gitignore patterns left out of the scan

[tool.migrate.weights]           # rule id = weight
[tool.migrate.tasks]             # task name = "light" | "heavy" | "ignore",
                                 # or { decision = ..., reason = ... }
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from migrator.errors import ConfigurationError
from migrator.reading import read_regular

if TYPE_CHECKING:
    from pathlib import Path

DECISIONS = ("light", "heavy", "ignore")


@dataclass(frozen=True, slots=True)
class Override:
    """A person's word on one task; it goes before the score, not before the reasons."""

    decision: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Configuration:
    package: str = "light_tasks"
    package_path: str = ""
    shim: str = "shim"
    exclude: tuple[str, ...] = ()
    weights: dict[str, int] = field(default_factory=dict)
    tasks: dict[str, Override] = field(default_factory=dict)


def load_configuration(root: Path) -> Configuration:
    """The table, or the defaults without one; ConfigurationError names the key."""
    path = root / "pyproject.toml"
    try:
        document = tomllib.loads(read_regular(path).decode())
    except FileNotFoundError:
        return Configuration()
    except (OSError, ValueError, RecursionError) as error:
        raise ConfigurationError(
            f"cannot be read as TOML: {error}",
            where=path.name,
            hint="Correct the file; `migrate` reads its [tool.migrate] table.",
        ) from error
    table = document.get("tool", {}).get("migrate", {})
    return _from_table(table)


def _from_table(table: Any) -> Configuration:
    if not isinstance(table, dict):
        raise _unusable("tool.migrate", "a table")
    known = {"package", "package_path", "shim", "exclude", "weights", "tasks"}
    if unknown := sorted(set(table) - known):
        raise ConfigurationError(
            f"unknown key {unknown[0]!r} in [tool.migrate]",
            where="pyproject.toml",
            hint=f"Known keys: {', '.join(sorted(known))}.",
        )
    return Configuration(
        package=_identifier(table, "package", "light_tasks"),
        package_path=_folder(table, "package_path"),
        shim=_identifier(table, "shim", "shim"),
        exclude=_texts(table, "exclude"),
        weights=_weights(table.get("weights", {})),
        tasks=_overrides(table.get("tasks", {})),
    )


def _unusable(key: str, wanted: str) -> ConfigurationError:
    return ConfigurationError(
        f"{key} must be {wanted}",
        where="pyproject.toml",
        hint="See docs/reference/configuration.md.",
    )


def _text(table: dict[str, Any], key: str, default: str) -> str:
    value = table.get(key, default)
    if not isinstance(value, str):
        raise _unusable(f"tool.migrate.{key}", "a string")
    return value


def _folder(table: dict[str, Any], key: str) -> str:
    value = _text(table, key, "")
    path = PurePosixPath(value)
    if path.is_absolute() or ".." in path.parts:
        raise _unusable(f"tool.migrate.{key}", "a folder inside the project")
    return value


def _identifier(table: dict[str, Any], key: str, default: str) -> str:
    value = _text(table, key, default)
    if not all(part.isidentifier() for part in value.split(".")):
        raise _unusable(f"tool.migrate.{key}", "an import name")
    return value


def _texts(table: dict[str, Any], key: str) -> tuple[str, ...]:
    value = table.get(key, [])
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise _unusable(f"tool.migrate.{key}", "a list of strings")
    return tuple(value)


def _weights(value: Any) -> dict[str, int]:
    if not isinstance(value, dict) or not all(type(w) is int for w in value.values()):
        raise _unusable("tool.migrate.weights", "a table of rule = whole number")
    return dict(value)


def _overrides(value: Any) -> dict[str, Override]:
    if not isinstance(value, dict):
        raise _unusable("tool.migrate.tasks", "a table of task name = decision")
    return {name: _override(name, entry) for name, entry in value.items()}


def _override(name: str, entry: Any) -> Override:
    given = {"decision": entry} if isinstance(entry, str) else entry
    if not isinstance(given, dict) or given.get("decision") not in DECISIONS:
        raise _unusable(
            f'tool.migrate.tasks."{name}"', f"one of {', '.join(DECISIONS)}"
        )
    return Override(given["decision"], str(given.get("reason", "")))
