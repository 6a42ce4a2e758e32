"""The source of a case and an environment for it, checked against the manifest."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "benchmarks" / "corpus"))

from fetching import unpacked  # noqa: E402 - from the folder beside this one

IDENTITY = ("-c", "user.name=case study", "-c", "user.email=case@localhost")


def git(folder: Path, *words: str) -> str:
    command = ["git", *IDENTITY, *words]
    done = subprocess.run(
        command, cwd=folder, check=True, capture_output=True, text=True
    )
    return done.stdout.strip()


def working_copy(case, cache: Path, work: Path) -> Path:
    """A new git repository with the source as its only commit."""
    folder = work / case["name"]
    shutil.rmtree(folder, ignore_errors=True)
    if "commit" in case:
        _checked_out(case, cache, folder)
    else:
        shutil.copytree(unpacked(case, cache), folder)
    git(folder, "init", "-q")
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", "as published")
    return folder


def _checked_out(case, cache: Path, folder: Path) -> None:
    """A commit is a digest of all that it holds: git checks it as it fetches."""
    store = cache / f"{case['name']}.git"
    if not store.exists():
        store.mkdir(parents=True)
        git(store, "init", "-q", "--bare")
    try:
        git(store, "cat-file", "-e", f"{case['commit']}^{{commit}}")
    except subprocess.CalledProcessError:
        git(store, "fetch", "-q", "--depth", "1", case["repository"], case["commit"])
    folder.mkdir(parents=True)
    tree = f"--work-tree={folder}"
    git(store, "--git-dir=.", tree, "checkout", "-q", "-f", case["commit"], "--", ".")


def environment(case, source: Path, work: Path) -> Path:
    """The folder of the programs of a virtual environment with this checkout in it."""
    folder = work / f"env-{case['name']}"
    programs = folder / "bin"
    marker = folder / "complete"
    if not marker.exists():
        venv.create(folder, with_pip=True, clear=True)
        install = [programs / "python", "-m", "pip", "install", "-q"]
        subprocess.run(
            [*install, *case["requirements"], "-e", f"{ROOT}[migrate,redis]"],
            cwd=source,
            env={**os.environ, **case.get("building", {})},
            check=True,
        )
        marker.touch()
    return programs
