"""The `migrate` command-line tool; never imported by users' programs."""

from __future__ import annotations

from migrator._version import __version__

__all__ = ["__version__"]
