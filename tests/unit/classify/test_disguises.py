"""Work that looks small and is not, in real sources: never light, whatever the form."""

from __future__ import annotations

import textwrap

import pytest

from migrator.classify import classify
from migrator.model import Level
from migrator.project import open_project
from migrator.scan import scan_project

HEAD = """
from celery import Celery, shared_task
from django.core.cache import cache
from django.core.mail import send_mail
from django.db import connection
from shop.models import Order, User

app = Celery("shop")
app.conf.task_ignore_result = True
app.conf.beat_schedule = {"work": {"task": "tasks.work", "schedule": 86400.0}}
"""
DISGUISES = {
    "a thin wrapper around a process": """
        import subprocess

        def third(path):
            subprocess.check_call(["pg_dump", path])

        def second(path):
            third(path)

        def first(path):
            second(path)

        @app.task
        def work():
            first("all.sql")
        """,
    "a method of an unknown object": """
        @app.task
        def work():
            order = Order.objects.get(pk=1)
            order.recalculate_everything()
        """,
    "a command object that executes": """
        @app.task
        def work():
            Order.objects.filter(old=True).delete()
            command = Order.objects.first()
            command.execute()
        """,
    "an object with all that hangs on it": """
        @app.task
        def work(pk=1):
            user = User.objects.get(pk=pk)
            tenant = user.tenant
            tenant.delete()
        """,
    "raw SQL": """
        @app.task
        def work():
            with connection.cursor() as cursor:
                cursor.execute("VACUUM FULL")
        """,
    "raw SQL through SQLAlchemy": """
        from sqlalchemy import text
        from shop.db import Session

        @app.task
        def work():
            with Session() as session:
                session.execute(text("REFRESH MATERIALIZED VIEW sales"))
        """,
    "a download of any size": """
        from urllib.request import urlretrieve

        @app.task
        def work():
            urlretrieve("https://shop.example/dump", "dump")
        """,
    "a client made elsewhere": """
        from shop.clients import client

        @app.task
        def work():
            client.get("https://shop.example")
        """,
    "a library from a model hub": """
        from transformers import pipeline

        @app.task
        def work():
            return pipeline("summarization")("text")
        """,
    "an import inside the body": """
        @app.task
        def work():
            import pandas as pd

            pd.read_csv("orders.csv").to_sql("orders", None)
        """,
    "a loop over what the caller passes": """
        @app.task
        def work(pks=()):
            for pk in pks:
                Order.objects.filter(pk=pk).update(seen=True)
        """,
    "mails in a loop": """
        @app.task
        def work(users=()):
            for user in users:
                send_mail("s", "b", None, [user])
        """,
    "a loop over a query behind a name": """
        @app.task
        def work():
            rows = Order.objects.filter(open=True)
            due = rows.exclude(paid=True)
            for order in due:
                order.save()
        """,
    "a loop over a query in a helper": """
        def touch(order):
            order.save()

        def touch_all():
            for order in Order.objects.iterator():
                touch(order)

        @app.task
        def work():
            touch_all()
        """,
    "pages without an end": """
        import requests

        @app.task
        def work():
            page = 1
            while page:
                answer = requests.get(f"https://shop.example/{page}", timeout=5)
                page = answer.json()["next"]
        """,
    "a model behind an address": """
        import httpx

        @app.task
        def work(prompt="p"):
            answer = httpx.post(
                "https://api.openai.com/v1/completions",
                json={"prompt": prompt},
                timeout=20,
            )
            cache.set("answer", answer.json())
        """,
    "a request that waits for minutes": """
        import httpx

        @app.task
        def work(prompt="p"):
            answer = httpx.get("https://shop.example", timeout=httpx.Timeout(600))
            cache.set("answer", answer.json())
        """,
    "a client that waits for minutes": """
        import httpx

        @app.task
        def work(prompt="p"):
            with httpx.Client(timeout=(3, 300)) as client:
                cache.set("answer", client.get("https://shop.example/report").json())
        """,
    "threads of its own": """
        from concurrent.futures import ThreadPoolExecutor

        def one(pk):
            Order.objects.filter(pk=pk).delete()

        @app.task
        def work():
            with ThreadPoolExecutor() as pool:
                pool.map(one, range(1000000))
        """,
    "a registry of handlers": """
        HANDLERS = {}

        @app.task
        def work(kind="a"):
            HANDLERS[kind]()
        """,
    "a handler passed in": """
        @app.task
        def work(name="a"):
            handler = getattr(Order, name)
            handler()
        """,
    "a management command": """
        from django.core.management import call_command

        @app.task
        def work():
            call_command("reindex")
        """,
    "code from a string": """
        @app.task
        def work(code="1"):
            exec(code)
        """,
    "the parent's method": """
        class Job:
            def run(self):
                Order.objects.filter(old=True).delete()

        class Big(Job):
            def run(self):
                super().run()
                self.more()

        @app.task
        def work():
            Big().run()
        """,
    "a whole table in memory": """
        @app.task
        def work():
            cache.set("orders", [order.total for order in Order.objects.all()])
        """,
    "a walk over the disk": """
        import os

        @app.task
        def work():
            for folder, _, files in os.walk("/srv"):
                for name in files:
                    os.unlink(os.path.join(folder, name))
        """,
    "sleeping between tries": """
        import time

        @app.task
        def work():
            Order.objects.filter(old=True).delete()
            time.sleep(30)
        """,
    "its own tail": """
        @app.task
        def work(cursor=0):
            Order.objects.filter(pk__lt=cursor).delete()
            work.apply_async((cursor + 1000,), countdown=1)
        """,
    "a file read at once": """
        @app.task
        def work():
            with open("orders.csv") as file:
                Order.objects.update_or_create(raw=file.read())
        """,
    "a rate limit set by an annotation": """
        app.conf.task_annotations = {"tasks.work": {"rate_limit": "1/s"}}

        @app.task
        def work():
            Order.objects.filter(old=True).delete()
        """,
    "pickled arguments for the whole app": """
        app.conf.task_serializer = "pickle"

        @app.task
        def work(order=None):
            Order.objects.filter(pk=order.pk).delete()
        """,
    "options from elsewhere": """
        from shop.settings import OPTIONS

        @app.task(**OPTIONS)
        def work():
            Order.objects.filter(old=True).delete()
        """,
    "a task class": """
        class Work(app.Task):
            name = "tasks.work"

            def run(self):
                Order.objects.filter(old=True).delete()

        work = app.register_task(Work())
        """,
    "a canvas built in a list": """
        from celery import group

        @app.task
        def work(pk=1):
            Order.objects.filter(pk=pk).delete()

        def start(pks):
            steps = [work.s(pk) for pk in pks]
            group(steps).apply_async()
        """,
    "a result that is awaited later": """
        @app.task
        def work(pk=1):
            Order.objects.filter(pk=pk).delete()

        def start():
            result = work.delay(1)
            return result.get()
        """,
}


def verdict_of(tmp_path, source, head=HEAD):
    text = head + "\n\n" + textwrap.dedent(source)
    (tmp_path / "tasks.py").write_text(text)
    inventory = scan_project(open_project(tmp_path))
    pairs = zip(inventory.tasks, classify(inventory), strict=True)
    found = {task.name: verdict for task, verdict in pairs}
    return found["tasks.work"]


@pytest.mark.parametrize("what", DISGUISES)
def test_is_not_called_light(tmp_path, what):
    verdict = verdict_of(tmp_path, DISGUISES[what])
    assert verdict.level is not Level.LIGHT, verdict.findings


PLAIN = {
    "a delete by age": """
        @app.task
        def work():
            Order.objects.filter(old=True).delete()
        """,
    "a delete by age behind a name": """
        @app.task
        def work():
            old = Order.objects.filter(old=True)
            count, _ = old.delete()
            return count
        """,
    "a mail": """
        @app.task
        def work(address="a@shop.example"):
            send_mail("s", "b", None, [address])
        """,
    "a heartbeat": """
        import time

        @app.task
        def work():
            cache.set("alive", time.time(), 60)
        """,
    "a sign of life of the database": """
        @app.task
        def work():
            with connection.cursor() as cursor:
                cursor.execute("SELECT 1")
            cache.set("database", "up", 60)
        """,
    "a webhook with a timeout and a helper": """
        import requests

        def post(url, data):
            return requests.post(url, json=data, timeout=5)

        @app.task
        def work(url="https://shop.example"):
            post(url, {"event": "tick"})
        """,
    "a few fixed steps": """
        KINDS = ("a", "b")

        @app.task
        def work():
            for kind in KINDS:
                Order.objects.filter(kind=kind, old=True).delete()
        """,
}


@pytest.mark.parametrize("what", PLAIN)
def test_is_called_light(tmp_path, what):
    verdict = verdict_of(tmp_path, PLAIN[what])
    assert verdict.level is Level.LIGHT, verdict.findings


HEAVY = {
    "minutes of sleep": """
        import time

        @app.task
        def work():
            for step in range(10):
                time.sleep(60)
        """,
    "a limit of an hour": """
        @app.task(soft_time_limit=3600)
        def work(pk=1):
            Order.objects.get(pk=pk)
        """,
    "a workbook": """
        import openpyxl

        @app.task
        def work(path="a.xlsx"):
            return openpyxl.load_workbook(path).sheetnames
        """,
    "steps in a chain": """
        from celery import chain

        @app.task
        def work(pk=1):
            return Order.objects.get(pk=pk).pk

        @app.task
        def then(pk):
            return pk

        def start(pk):
            chain(work.s(pk), then.s()).delay()
        """,
    "retries over hours": """
        @app.task(bind=True, max_retries=10, default_retry_delay=600)
        def work(self, pk=1):
            try:
                Order.objects.get(pk=pk)
            except Order.DoesNotExist as error:
                raise self.retry(exc=error)
        """,
}


@pytest.mark.parametrize("what", HEAVY)
def test_is_called_heavy(tmp_path, what):
    source = HEAD.replace("app.conf.task_ignore_result = True", "") + "\n\n"
    verdict = verdict_of(tmp_path, HEAVY[what], head=source)
    assert verdict.level is Level.HEAVY, verdict.findings
