"""Calls inside the caller's transaction: rolled back means it never was."""

from __future__ import annotations

import pytest
import sqlalchemy
from celery import Celery
from sqlalchemy.orm import Session

import shim
from shim import ConfigurationError, enqueue_in
from shim.outbox.choice import open_outbox
from tests.conformance.parity.play import fresh_database
from tests.servers import wait_until


@pytest.fixture(params=["sqlite", "postgres"])
def url(request, tmp_path):
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/app.sqlite3"
    return fresh_database(request.getfixturevalue("postgres_url"))


@pytest.fixture
def engine(url):
    engine = sqlalchemy.create_engine(url)
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE orders (number INTEGER)")
    yield engine
    engine.dispose()


@pytest.fixture
def outbox(url):
    outbox = open_outbox(url)
    outbox.prepare()  # as in every process that has a runner
    shim.configure(outbox=outbox, poll=0.05)
    yield outbox
    shim.configure(outbox=None, poll=None)
    outbox.close()


@pytest.fixture
def app(outbox):
    app = Celery("transactions", broker="memory://", backend="cache+memory://")
    yield app
    app.close()


@pytest.fixture
def mail(app):
    @shim.light_task(name="mail", app=app, shared=False)
    def mail(number):
        return number

    return mail


def order(session, mail, number):
    session.execute(sqlalchemy.text("INSERT INTO orders VALUES (:n)"), {"n": number})
    with enqueue_in(session):
        return mail.delay(number)


def test_a_commit_stores_both(engine, mail, outbox, app):
    with Session(engine) as session:
        result = order(session, mail, 1)
        session.commit()
    assert outbox.counts()["mail"].waiting == 1
    with shim.Runner(app):
        wait_until(result.ready)
    assert result.get() == 1


def test_a_rollback_stores_neither(engine, mail, outbox):
    with Session(engine) as session:
        order(session, mail, 1)
        session.rollback()
        rows = session.execute(sqlalchemy.text("SELECT * FROM orders")).all()
    assert rows == []
    assert outbox.counts() == {}


def test_nothing_is_seen_before_the_commit(engine, mail, outbox):
    with Session(engine) as session:
        order(session, mail, 1)
        assert outbox.counts() == {}
        session.commit()
    assert outbox.counts()["mail"].waiting == 1


def test_a_savepoint_that_is_rolled_back_takes_its_call_along(engine, mail, outbox):
    with Session(engine) as session:
        order(session, mail, 1)
        savepoint = session.begin_nested()
        order(session, mail, 2)
        savepoint.rollback()
        session.commit()
    assert outbox.counts()["mail"].waiting == 1


def test_the_first_call_ever_may_be_in_a_transaction(engine, mail, url):
    fresh = open_outbox(url.replace("app.sqlite3", "other.sqlite3"))
    if fresh.place == open_outbox(url).place:
        fresh = open_outbox(fresh_database(url))
    shim.configure(outbox=fresh)
    other = sqlalchemy.create_engine(_url_of(fresh))
    with Session(other) as session:
        session.execute(sqlalchemy.text("CREATE TABLE orders (number INTEGER)"))
        order(session, mail, 1)
        session.commit()
    assert fresh.counts()["mail"].waiting == 1
    fresh.close()
    other.dispose()


def _url_of(outbox):
    database = outbox._database
    return getattr(database, "url", None) or f"sqlite:///{database.path}"


def test_a_connection_works_as_well(engine, mail, outbox):
    with engine.connect() as connection:
        order(connection, mail, 1)
        connection.rollback()
        order(connection, mail, 2)
        connection.commit()
    assert outbox.counts()["mail"].waiting == 1


def test_a_call_after_the_block_is_stored_at_once(engine, mail, outbox):
    with Session(engine) as session:
        order(session, mail, 1)
        session.rollback()
    mail.delay(2)
    assert outbox.counts()["mail"].waiting == 1


def test_another_database_is_refused(mail, tmp_path):
    other = sqlalchemy.create_engine(f"sqlite:///{tmp_path}/other.sqlite3")
    with (
        Session(other) as session,
        pytest.raises(ConfigurationError, match="set SHIM_OUTBOX"),
        enqueue_in(session),
    ):
        pass
    other.dispose()


def test_an_outbox_that_is_no_database_is_refused(engine, mail):
    shim.configure(outbox="memory")
    with (
        Session(engine) as session,
        pytest.raises(ConfigurationError, match="MemoryOutbox"),
        enqueue_in(session),
    ):
        pass
