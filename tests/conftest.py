"""Fixtures shared by all tiers: servers, started once a session and on demand."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

from tests.servers import ServerMissingError, postgres_server, redis_server

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

# A scan of a test's project is not worth a file in the cache folder of whoever runs it.
os.environ.setdefault("MIGRATE_CACHE", "off")
# How long an example takes says how busy the machine is, and nothing about the code.
settings.register_profile(
    "ours", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("ours")


def _missing(error: ServerMissingError) -> None:
    if os.environ.get("CI") == "true":
        pytest.fail(str(error))
    pytest.skip(str(error))


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    """TEST_REDIS_URL, or a private server."""
    yield from _served("TEST_REDIS_URL", redis_server)


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """TEST_POSTGRES_URL, or a private server."""
    yield from _served("TEST_POSTGRES_URL", postgres_server)


def _served(
    variable: str, server: Callable[[], AbstractContextManager[str]]
) -> Iterator[str]:
    if given := os.environ.get(variable):
        yield given
        return
    try:
        with server() as url:
            yield url
    except ServerMissingError as error:
        _missing(error)


@pytest.fixture
def proofs_kept(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Commands that follow each other prove a schedule once, as they do for people."""
    monkeypatch.delenv("MIGRATE_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.getbasetemp() / "cache"))


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-golden",
        action="store_true",
        help="write what comes out as what is expected; never in CI",
    )


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("--update-golden") and os.environ.get("CI"):
        raise pytest.UsageError("--update-golden is for people, not for CI")
