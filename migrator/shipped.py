"""Where the sources of generated files are: what we ship to users besides our code."""

from __future__ import annotations

from pathlib import Path


def templates_folder() -> Path:
    """`_templates` of an installed wheel, else the folder beside the package."""
    package = Path(__file__).resolve().parent
    installed = package / "_templates"
    return installed if installed.is_dir() else package.parent / "templates"
