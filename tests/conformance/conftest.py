"""Servers that only this tier needs."""

from __future__ import annotations

import os

import pytest

from tests.servers import ServerMissingError, rabbitmq_server


@pytest.fixture(scope="session")
def rabbitmq_url():
    """TEST_RABBITMQ_URL, or a private server."""
    if given := os.environ.get("TEST_RABBITMQ_URL"):
        yield given
        return
    try:
        with rabbitmq_server() as url:
            yield url
    except ServerMissingError as error:
        pytest.skip(str(error))
