"""The inventory is used again only where a new scan would give the same."""

from __future__ import annotations

import os
import pickle
import stat

import pytest

from migrator.project import open_project
from migrator.scan import cache as scan_cache
from migrator.scan import engine, scan_project

SOURCE = "from celery import shared_task\n\n\n@shared_task\ndef a():\n    a.delay()\n"


@pytest.fixture
def root(tmp_path):
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "tasks.py").write_text(SOURCE)
    (folder / "Procfile").write_text("worker: celery -A tasks worker\n")
    return folder


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "cache" / "celery-light-migrate"


@pytest.fixture
def runs(monkeypatch):
    """How many real scans there were."""
    counted = []
    run = engine.Scan.run

    def counting(self):
        counted.append(self)
        return run(self)

    monkeypatch.setattr(engine.Scan, "run", counting)
    return counted


def scan(root, folder, **options):
    return scan_project(open_project(root, **options), cache=folder)


def test_the_second_scan_reads_the_first_ones_inventory(root, folder, runs):
    first = scan(root, folder)
    assert scan(root, folder) == first
    assert first == scan_project(open_project(root))
    assert len(runs) == 2  # the first, and the one without a cache


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("tasks.py", SOURCE.replace("def a", "def b")),
        ("new.py", "x = 1\n"),
        ("Procfile", "worker: celery -A tasks worker -c 1\n"),
        ("data.csv", "a;b\n"),
    ],
)
def test_any_change_of_what_is_read_scans_again(root, folder, runs, name, text):
    scan(root, folder)
    (root / name).write_text(text)
    assert scan(root, folder) == scan_project(open_project(root))
    assert len(runs) == 3


def test_an_exclusion_scans_again(root, folder, runs):
    (root / "other.py").write_text(SOURCE)
    scan(root, folder)
    found = scan(root, folder, exclude=["other.py"])
    assert {task.module for task in found.tasks} == {"tasks"}
    assert len(runs) == 2


def test_a_version_of_the_tool_scans_again(root, folder, runs, monkeypatch):
    scan(root, folder)
    monkeypatch.setattr(scan_cache, "__version__", "another")
    scan(root, folder)
    assert len(runs) == 2


@pytest.mark.parametrize(
    "spoil",
    [
        lambda data: data[:30],
        lambda _: b"",
        lambda data: data[: scan_cache.DIGEST_SIZE] + pickle.dumps("something else"),
        lambda data: data[: scan_cache.DIGEST_SIZE] + b"\x80\x05garbage",
    ],
)
def test_a_spoilt_file_is_no_inventory(root, folder, runs, spoil):
    first = scan(root, folder)
    (path,) = folder.glob("*.scan")
    path.write_bytes(spoil(path.read_bytes()))
    assert scan(root, folder) == first
    assert len(runs) == 2


def test_somebody_elses_file_is_not_opened(root, folder, runs, monkeypatch):
    scan(root, folder)
    monkeypatch.setattr(os, "getuid", lambda: 12_345)
    scan(root, folder)
    assert len(runs) == 2


def test_nothing_is_written_into_the_project_and_others_cannot_read(root, folder):
    scan(root, folder)
    assert sorted(path.name for path in root.iterdir()) == ["Procfile", "tasks.py"]
    (path,) = folder.iterdir()
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_an_interrupted_write_leaves_nothing(root, folder, monkeypatch):
    def interrupted(*args, **kwargs):
        raise KeyboardInterrupt

    monkeypatch.setattr(scan_cache.pickle, "dump", interrupted)
    with pytest.raises(KeyboardInterrupt):
        scan(root, folder)
    assert list(folder.iterdir()) == []


def test_a_folder_that_cannot_be_made_is_no_failure(root, tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("")
    assert scan(root, blocked / "cache").tasks


def test_old_projects_are_forgotten(tmp_path, folder, monkeypatch):
    monkeypatch.setattr(scan_cache, "MAX_PROJECTS", 3)
    for number in range(5):
        root = tmp_path / str(number)
        root.mkdir()
        (root / "tasks.py").write_text(SOURCE)
        scan(root, folder)
    assert len(list(folder.glob("*.scan"))) == 3


def test_the_folder_follows_the_environment(monkeypatch, tmp_path):
    monkeypatch.delenv("MIGRATE_CACHE", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert scan_cache.default_folder() == tmp_path / "celery-light-migrate"
    monkeypatch.setenv("MIGRATE_CACHE", "off")
    assert scan_cache.default_folder() is None
