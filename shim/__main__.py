"""`python -m shim run --app package.module:celery_app`: a process with a runner."""

from __future__ import annotations

import argparse
import logging
import signal
import sys
import threading
from typing import TYPE_CHECKING, Any

from celery.app.utils import find_app

from .errors import ShimError
from .lifecycle import start_runner, stop_runner

if TYPE_CHECKING:
    from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Run until SIGTERM or SIGINT; 0 when every body had ended, 1 when not."""
    options = _parser().parse_args(arguments)
    logging.basicConfig(
        level=options.loglevel.upper(),
        format="[%(asctime)s: %(levelname)s/%(threadName)s] %(message)s",
    )
    asked = ("concurrency", "grace", "lease", "poll")
    settings = {k: v for k in asked if (v := getattr(options, k)) is not None}
    end = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: end.set())
    try:
        start_runner(find_app(options.app), **settings)
    except ShimError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    end.wait()
    return 0 if stop_runner() else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=f"python -m {__package__}")
    commands = parser.add_subparsers(required=True, metavar="command")
    run: Any = commands.add_parser("run", help="execute light tasks until SIGTERM")
    run.add_argument("--app", "-A", required=True, help="package.module:celery_app")
    run.add_argument("--concurrency", type=int, help="bodies at once (4)")
    run.add_argument("--grace", type=float, help="seconds for running bodies (25)")
    run.add_argument("--lease", type=float, help="seconds until silence is death (30)")
    run.add_argument("--poll", type=float, help="seconds between looks (1)")
    run.add_argument("--loglevel", "-l", default="info")
    return parser


if __name__ == "__main__":
    sys.exit(main())
