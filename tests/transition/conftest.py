"""Projects of two releases that share a broker, an outbox and a ledger."""

from __future__ import annotations

import pytest
from redis import Redis

from tests.conformance.parity.play import fresh_database
from tests.transition.project import Project


@pytest.fixture(params=["sqlite", "postgres", "broker"])
def project(request, tmp_path, redis_url):
    with Redis.from_url(redis_url) as server:
        server.flushdb()
    outbox = {
        "sqlite": lambda: f"sqlite:///{tmp_path}/outbox.sqlite3",
        "postgres": lambda: fresh_database(request.getfixturevalue("postgres_url")),
        "broker": lambda: "broker",
    }[request.param]()
    return Project(tmp_path, redis_url, outbox)
