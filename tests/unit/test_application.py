"""Which Celery application the generated programs import."""

from __future__ import annotations

import pytest

from migrator.application import celery_application, without_application
from migrator.model import (
    CeleryApp,
    FileOutcome,
    FileStatus,
    Inventory,
    Location,
    ProcessCommand,
)


def inventory(given, *paths, apps=()):
    place = Location("Procfile", 1)
    beat = ProcessCommand("beat", place, "celery beat", options=(("--app", given),))
    files = tuple(FileOutcome(path, FileStatus.PARSED, "", 1) for path in paths)
    return Inventory(".", files=files, apps=apps, processes=(beat,))


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ("shop.main:celery", "shop.main.celery"),
        ("main.celery", "main.celery"),  # a factory's, by the name that is told
        ("shop.celery_app", ""),  # a module, in which Celery looks for itself
        ("src.shop", ""),
        ("shop", ""),
        ("not a name.app", ""),
        ("", ""),
    ],
)
def test_what_a_command_tells(given, found):
    paths = ("shop/celery_app.py", "src/shop/__init__.py", "main.py")
    assert celery_application(inventory(given, *paths)) == found


def test_the_source_comes_first():
    apps = (CeleryApp("shop.app.celery", Location("shop/app.py", 3)),)
    given = inventory("other.app:celery", "shop/app.py", apps=apps)
    assert celery_application(given) == "shop.app.celery"
    assert celery_application(without_application(given)) == ""
    assert without_application(given).processes[0].command == "celery beat"
