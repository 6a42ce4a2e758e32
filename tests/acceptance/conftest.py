"""What several files of this tier ask for."""

from __future__ import annotations

import pytest
import redis

from tests.acceptance.moved_project import copied
from tests.acceptance.test_journey import migrate
from tests.tidy import TidyShop


@pytest.fixture(scope="session")
def planned_shop(tmp_path_factory):
    """The all-light project with its plan, committed; made once, and only copied."""
    made = TidyShop(tmp_path_factory.mktemp("planned"), "redis://127.0.0.1:1/0")
    made.commit_all("before")
    assert migrate(made, "plan").returncode == 0
    made.commit_all("plan")
    return made


@pytest.fixture
def shop(planned_shop, tmp_path):
    return copied(planned_shop, tmp_path)


@pytest.fixture(params=["redis", "sqlite"])
def store(request):
    """The environment that chooses where records are kept; both must behave alike."""
    if request.param == "sqlite":
        return {}
    return {"REDIS_URL": request.getfixturevalue("empty_redis")}


@pytest.fixture
def empty_redis(redis_url):
    """The server is shared by the session: what one test left, another would find."""
    with redis.Redis.from_url(redis_url) as client:
        client.flushdb()
    return redis_url
