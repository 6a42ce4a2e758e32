"""Files of figures and entries that one command leaves for another."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from migrator.reading import read_regular

if TYPE_CHECKING:
    from pathlib import Path


def load_document(path: Path) -> Any:
    """The JSON of a file; None where there is no file.

    ValueError says why it cannot be read: also one that is no regular file, or nested
    too deeply, as a stranger's repository may hold.
    """
    try:
        return json.loads(read_regular(path))
    except FileNotFoundError:
        return None
    except (OSError, RecursionError) as error:
        raise ValueError(str(error)) from error


def records_of(document: Any, key: str, version: int) -> list[Any]:
    """The list below `key`; ValueError where the document is of another version."""
    if not isinstance(document, dict) or document.get("version") != version:
        raise ValueError(f"it is not of version {version}")
    return list(document[key])
