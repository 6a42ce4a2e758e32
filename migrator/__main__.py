"""`python -m migrator` is `migrate`."""

from __future__ import annotations

import os
import sys

# `python -m` puts the current folder first. It is the project that is looked at, and a
# `json.py` or a `click.py` in it is none of ours to run.
if sys.path and sys.path[0] == os.getcwd():  # noqa: PTH109 - pathlib is not loaded yet
    del sys.path[0]

from migrator.cli import main

if __name__ == "__main__":
    main()
