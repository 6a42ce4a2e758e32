"""One JSON object per line for the scheduler process; arguments are never logged.

The file is yours to change. An application that hosts the scheduler keeps its own
logging: only `python -m ...scheduler` uses this.
"""

from __future__ import annotations

import json
import logging
import os
import sys
from datetime import UTC, datetime

FIELDS = ("job", "slot", "duration", "outcome", "lateness", "fence")


class JsonFormatter(logging.Formatter):
    """Time, level, logger, message, and the fields of a run where there are any."""

    def format(self, record: logging.LogRecord) -> str:
        moment = datetime.fromtimestamp(record.created, UTC)
        line: dict[str, object] = {
            "time": moment.isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        line |= {name: record.__dict__[name] for name in FIELDS if name in vars(record)}
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str)


def configure_logging() -> None:
    """Send everything from LOG_LEVEL on to standard error."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter())
    level = os.environ.get("LOG_LEVEL", "INFO").upper()
    logging.basicConfig(level=level, handlers=[handler], force=True)
    # Its lines for each added and submitted job say nothing that ours do not.
    logging.getLogger("apscheduler").setLevel(max(logging.WARNING, logging.root.level))
