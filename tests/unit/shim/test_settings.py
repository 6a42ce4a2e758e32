"""Which store is opened, and what is said when it cannot be."""

from __future__ import annotations

import stat

import pytest

import shim
from shim import ConfigurationError
from shim.message import Message
from shim.outbox.choice import open_outbox
from shim.outbox.memory import MemoryOutbox
from shim.outbox.postgres import PostgresDatabase
from shim.outbox.sqlite import SqliteDatabase
from shim.settings import current, current_outbox


@pytest.fixture(autouse=True)
def _bare(monkeypatch, tmp_path):
    for name in ("SHIM_OUTBOX", "DATABASE_URL", "SHIM_POLL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    yield
    shim.configure(outbox=None, poll=None, lease=None, concurrency=None)


def database(outbox):
    return outbox._database


def test_the_default_is_a_file_of_this_user_alone(tmp_path):
    outbox = current_outbox()
    outbox.put([Message("1", "t", None, "{}", "[]")])
    file = tmp_path / ".light_tasks" / "outbox.sqlite3"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    assert (file.parent / ".gitignore").read_text() == "*\n"
    beside = file.with_name(file.name + "-wal")
    assert stat.S_IMODE(beside.stat().st_mode) == 0o600
    outbox.close()


def test_the_default_follows_the_database_url(monkeypatch):
    monkeypatch.setenv("DATABASE_URL", "postgresql://user:secret@db/app")
    assert isinstance(database(current_outbox()), PostgresDatabase)


def test_the_environment_names_the_store(monkeypatch):
    monkeypatch.setenv("SHIM_OUTBOX", "memory")
    assert isinstance(current_outbox(), MemoryOutbox)


def test_configure_wins_over_the_environment(monkeypatch):
    monkeypatch.setenv("SHIM_OUTBOX", "memory")
    shim.configure(outbox="sqlite:///here.sqlite3")
    assert isinstance(database(current_outbox()), SqliteDatabase)


def test_a_store_object_is_taken_as_it_is():
    outbox = MemoryOutbox()
    shim.configure(outbox=outbox)
    assert current_outbox() is outbox


@pytest.mark.parametrize(
    ("url", "word"),
    [
        ("mysql://db/app", "mysql"),
        ("mssql+pyodbc://db/app", "mssql"),
        ("sqlite://", "in memory"),
        ("sqlite:///:memory:", "in memory"),
    ],
)
def test_a_database_url_that_cannot_be_used_says_so(monkeypatch, url, word):
    monkeypatch.setenv("DATABASE_URL", url)
    with pytest.raises(ConfigurationError, match=word) as caught:
        current_outbox()
    assert "DATABASE_URL" in str(caught.value)
    assert "set SHIM_OUTBOX" in str(caught.value)


def test_an_unknown_name_says_so():
    with pytest.raises(ConfigurationError, match=r"'etcd'.*set SHIM_OUTBOX"):
        open_outbox("etcd")


@pytest.mark.parametrize(
    "url",
    [
        "postgres://db/app",
        "postgresql://db/app",
        "postgresql+asyncpg://db/app",
        "postgresql+psycopg://db/app",
    ],
)
def test_every_spelling_of_postgresql_gets_a_synchronous_driver(url):
    assert database(open_outbox(url)).url.drivername == "postgresql+psycopg"


def test_async_sqlite_is_the_same_file(tmp_path):
    outbox = open_outbox("sqlite+aiosqlite:////var/x.sqlite3")
    assert str(database(outbox).path) == "/var/x.sqlite3"


def test_synchronous_full_can_be_asked_for():
    assert database(open_outbox("sqlite:///x?synchronous=full"))._synchronous == "FULL"
    with pytest.raises(ConfigurationError, match="synchronous=OFF"):
        open_outbox("sqlite:///x?synchronous=off")


def test_numbers_of_the_environment(monkeypatch):
    monkeypatch.setenv("SHIM_POLL", "0.5")
    assert current().poll == 0.5
    monkeypatch.setenv("SHIM_POLL", "often")
    with pytest.raises(ConfigurationError, match="SHIM_POLL='often' is not a number"):
        current()


def test_settings_that_make_no_sense():
    with pytest.raises(ConfigurationError, match="no setting colour"):
        shim.configure(colour="red")
    shim.configure(lease=0)
    with pytest.raises(ConfigurationError, match="lease must be above 0"):
        current()


def test_a_folder_that_cannot_be_written_refuses_the_call(tmp_path):
    (tmp_path / "file").write_text("no folder")
    outbox = open_outbox(f"sqlite:///{tmp_path}/file/x.sqlite3")
    with pytest.raises(shim.OutboxUnavailableError, match="refused"):
        outbox.put([Message("1", "t", None, "{}", "[]")])
