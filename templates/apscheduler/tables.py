"""Creates this package's tables. Yours to change, e.g. for a migration tool."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from sqlalchemy.exc import DBAPIError

if TYPE_CHECKING:
    from sqlalchemy import Engine, MetaData

ATTEMPTS = 5


def create_tables(metadata: MetaData, engine: Engine) -> None:
    """Create what is missing, also while another replica does the same."""
    for attempt in range(ATTEMPTS):
        try:
            metadata.create_all(engine)
        except DBAPIError:
            # Between the check and the creation another process was faster.
            if attempt == ATTEMPTS - 1:
                raise
            time.sleep(0.1 * (attempt + 1))
        else:
            return
