"""`python -m shim run|status|route|drain --app package.module:celery_app`."""

from __future__ import annotations

import argparse
import json
import logging
import signal
import sys
import threading
from typing import TYPE_CHECKING, Any

from celery.app.utils import find_app
from kombu.exceptions import OperationalError

from . import commands
from .errors import ConfigurationError, ShimError
from .lifecycle import start_runner, stop_runner

if TYPE_CHECKING:
    from collections.abc import Sequence

    from celery import Celery

SETTINGS = {
    "concurrency": (int, "bodies at once (4)"),
    "grace": (float, "seconds for running bodies at the end (25)"),
    "lease": (float, "seconds of silence that mean death (30)"),
    "poll": (float, "seconds between two looks at the outbox (1)"),
}


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit code: 0, or 1 when bodies did not end, or 2 with a sentence.

    All commands but `run` answer with one JSON object on standard output.
    """
    options = _parser().parse_args(arguments)
    try:
        app = find_app(options.app)
        app.loader.import_default_modules()
        app.finalize()
        return int(options.command(app, options))
    except (ShimError, OperationalError, ImportError) as error:
        sys.stderr.write(f"{error}\n")
        return 2


def _run(app: Celery, options: argparse.Namespace) -> int:
    """Execute until SIGTERM or SIGINT."""
    logging.basicConfig(
        level=options.loglevel.upper(),
        format="[%(asctime)s: %(levelname)s/%(threadName)s] %(message)s",
    )
    given = {name: getattr(options, name) for name in SETTINGS}
    end = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: end.set())
    start_runner(app, **{k: v for k, v in given.items() if v is not None})
    end.wait()
    return 0 if stop_runner() else 1


def _status(app: Celery, _options: argparse.Namespace) -> int:
    return _answer(commands.status(app))


def _route(app: Celery, options: argparse.Namespace) -> int:
    to: Any = options.to if options.percent is None else options.percent
    if options.percent is not None and options.to == "celery":
        to = 100 - options.percent
    if options.remove:
        to = None
    elif to is None:
        message = "say --to light, --to celery or --remove"
        raise ConfigurationError(message)
    return _answer(commands.route(app, options.task, to, drain=options.drain))


def _drain(app: Celery, options: argparse.Namespace) -> int:
    return _answer(commands.drain(app, tuple(options.queue)))


def _answer(value: Any) -> int:
    sys.stdout.write(json.dumps(value, indent=2) + "\n")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=f"python -m {__package__}")
    adder = parser.add_subparsers(required=True, metavar="command")
    run = _add(adder, "run", _run, "execute light tasks until SIGTERM")
    for name, (kind, text) in SETTINGS.items():
        run.add_argument(f"--{name}", type=kind, help=text)
    run.add_argument("--loglevel", "-l", default="info")
    _add(adder, "status", _status, "what waits, runs and became of each task")
    route = _add(adder, "route", _route, "send a task's calls to light or celery")
    route.add_argument("task")
    route.add_argument("--to", choices=("light", "celery"))
    route.add_argument("--percent", type=float, help="only this share of its calls")
    route.add_argument("--remove", action="store_true", help="forget the route")
    route.add_argument("--drain", action="store_true", help="hand over what waits")
    drain = _add(adder, "drain", _drain, "what Celery's broker and workers still hold")
    drain.add_argument("--queue", action="append", default=[], help="one more queue")
    return parser


def _add(adder: Any, name: str, command: Any, text: str) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = adder.add_parser(name, help=text)
    parser.add_argument("--app", "-A", required=True, help="package.module:celery_app")
    parser.set_defaults(command=command)
    return parser


if __name__ == "__main__":
    sys.exit(main())
