"""The command line in this process, as `migrate` starts it."""

from __future__ import annotations

import io
import os
import sys
from contextlib import chdir, redirect_stderr, redirect_stdout

from migrator.cli import main

# Found here and not in the hostile folder, whatever its modules are called.
os.environ.setdefault("MIGRATE_CACHE", "off")


def run(folder, *arguments, stream=io.TextIOWrapper):
    """`migrate ARGUMENTS` in a folder: exit code, standard output and error."""
    out = stream(io.BytesIO(), encoding="utf-8")
    error = stream(io.BytesIO(), encoding="utf-8")
    given, sys.argv = sys.argv, ["migrate", *arguments]
    try:
        with chdir(folder), redirect_stdout(out), redirect_stderr(error):
            main()
    except SystemExit as ended:
        code = ended.code or 0
    finally:
        sys.argv = given
    written = []
    for printed in (out, error):
        printed.flush()
        written.append(printed.buffer.getvalue().decode())
    return code, *written
