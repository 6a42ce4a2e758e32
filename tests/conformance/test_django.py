"""Django: connections are closed, on_commit works, a call joins a transaction."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

PROJECT = """
import json, os, sys, threading
os.environ["DJANGO_SETTINGS_MODULE"] = "project_settings"
from celery import Celery
import shim
from shim.testing import memory_outbox, run_all

app = Celery("project", broker="memory://", backend="cache+memory://")

@shim.light_task(name="rows", app=app)
def rows():
    from django.db import connection
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM orders")
        seen.append(connection.connection is not None)
        return cursor.fetchone()[0]

seen = []
import django
django.setup()
from django.db import connection, connections, transaction
with connection.cursor() as cursor:
    cursor.execute("CREATE TABLE IF NOT EXISTS orders (number INTEGER)")
"""
SETTINGS = """
DATABASES = {{"default": {{
    "ENGINE": "django.db.backends.sqlite3", "NAME": "{database}"}}}}
SECRET_KEY = "x"
"""


@pytest.fixture
def django(tmp_path):
    """Runs code in a fresh process of a Django project; its JSON answer."""
    database = tmp_path / "django.sqlite3"
    (tmp_path / "project_settings.py").write_text(SETTINGS.format(database=database))
    environment = {
        **os.environ,
        "PYTHONPATH": f"{ROOT}:{tmp_path}",
        "SHIM_OUTBOX": f"sqlite:///{database}",
        "PYTHONWARNINGS": "ignore",
    }

    def run(code):
        done = subprocess.run(
            [sys.executable, "-c", PROJECT + code],
            env=environment,
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout.splitlines()[-1])

    return run


def test_a_body_leaves_no_connection_open(django):
    answer = django("""
opened = []
from django.db.backends.signals import connection_created
def note(connection, **_):
    opened.append(connection)
connection_created.connect(note)
connection.close()
with shim.runner():
    results = [rows.delay().get(timeout=10) for _ in range(3)]
print(json.dumps([results, seen, [c.connection is None for c in opened]]))
""")
    assert answer == [[0, 0, 0], [True, True, True], [True, True, True]]


def test_delay_on_commit(django):
    answer = django("""
with transaction.atomic():
    rows.delay_on_commit()
    inside = shim.settings.current_outbox().counts()
try:
    with transaction.atomic():
        rows.delay_on_commit()
        raise KeyError
except KeyError:
    pass
waiting = shim.settings.current_outbox().counts()["rows"].waiting
print(json.dumps([len(inside), waiting]))
""")
    assert answer == [0, 1]


def test_a_call_joins_the_transaction(django):
    answer = django("""
from shim import enqueue_in
outbox = shim.settings.current_outbox()
outbox.prepare()
with transaction.atomic():
    with enqueue_in(connection):
        rows.delay()
    before = len(outbox.counts())
after = outbox.counts()["rows"].waiting
try:
    with transaction.atomic(), enqueue_in(connection):
        rows.delay()
        raise KeyError
except KeyError:
    pass
print(json.dumps([before, after, outbox.counts()["rows"].waiting]))
""")
    assert answer == [0, 1, 1]


@pytest.mark.parametrize("kind", ["wsgi", "asgi"])
def test_a_server_starts_its_runner_with_the_first_request(django, kind):
    answer = django(f"""
from shim import lifecycle
from shim.django import with_runner
from django.core.{kind} import get_{kind}_application
import asyncio, io
application = with_runner(get_{kind}_application())
before = lifecycle._runner is not None
async def receive():
    return {{"type": "http.request", "body": b""}}
async def send(message):
    pass
scope = {{"type": "http", "method": "GET", "path": "/", "headers": [],
    "query_string": b""}}
environ = {{"REQUEST_METHOD": "GET", "PATH_INFO": "/", "SERVER_NAME": "x",
    "SERVER_PORT": "80", "wsgi.input": io.BytesIO()}}
try:
    if "{kind}" == "asgi":
        asyncio.run(application(scope, receive, send))
    else:
        application(environ, lambda *_: None)
except Exception:
    pass  # the project has no URLs
after = lifecycle._runner is not None
shim.stop_runner()
print(json.dumps([before, after]))
""")
    assert answer == [False, True]
