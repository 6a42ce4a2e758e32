"""What is generated starts in a Django project whose Celery module names the settings.

As a worker does: no process of such a project sets DJANGO_SETTINGS_MODULE itself.
"""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace

import pytest

from migrator.model import CeleryApp, Location, Target
from tests.acceptance.scheduler_project import (
    definition,
    entry,
    planned,
    records,
    write_package,
)

CELERY = """
import os
from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mysite.settings")
app = Celery("mysite")
"""
SETTINGS = 'INSTALLED_APPS = ["shop"]\nSECRET_KEY = "x"\n'
MODELS = """
from django.db import models


class Order(models.Model):
    id = models.BigAutoField(primary_key=True)
"""
TASKS = """
from celery import shared_task
from shop.models import Order


@shared_task(name="shop.tick")
def tick():
    return Order.__name__
"""


@pytest.mark.parametrize(
    ("target", "code"),
    [
        (
            Target.APSCHEDULER,
            "from light_tasks.scheduler import load_application; load_application()",
        ),
        (Target.CRONJOB, "import light_tasks.workers.tick"),
    ],
)
def test_the_settings_are_those_that_the_celery_module_names(tmp_path, target, code):
    for path, text in {
        "mysite/__init__.py": "",
        "mysite/celery.py": CELERY,
        "mysite/settings.py": SETTINGS,
        "shop/__init__.py": "",
        "shop/models.py": MODELS,
        "shop/tasks.py": TASKS,
    }.items():
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text(text)
    task = replace(planned(definition("shop.tick", "tick")), target=target)
    hourly = entry("hourly", {"kind": "crontab", "minute": "0"})
    plan, inventory = records([hourly], [task], ("django",))
    schedules = (replace(plan.schedules[0], cron=("0 * * * *",), zone="UTC"),)
    plan = replace(plan, schedules=schedules)
    app = CeleryApp("mysite.celery.app", Location("mysite/celery.py", 5))
    write_package(tmp_path, plan, replace(inventory, apps=(app,)))
    environment = {**os.environ, "DATABASE_URL": f"sqlite:///{tmp_path}/jobs.sqlite3"}
    environment.pop("DJANGO_SETTINGS_MODULE", None)
    done = subprocess.run(
        [sys.executable, "-c", f"{code}; print('started')"],
        cwd=tmp_path,
        env=environment,
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.stdout == "started\n", done.stderr
