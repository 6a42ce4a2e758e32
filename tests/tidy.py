"""A copy of the all-light fixture, and a Python in which Celery is not installed."""

from __future__ import annotations

import site
import subprocess
import sys
import sysconfig
from pathlib import Path

from tests.goblin import GoblinProject

FIXTURE = Path(__file__).parents[1] / "fixtures" / "projects" / "tidy_shop"
# Celery, what only it needs, and what is being tested.
NOT_THERE = ("celery", "kombu", "billiard", "vine", "amqp", "shim", "migrator")


class TidyShop(GoblinProject):
    """The fixture below `folder`, with its database and a Redis."""

    fixture = FIXTURE
    name = "tidy_shop"


def python_without_celery(folder: Path) -> Path:
    """A virtual environment with everything that is installed here, but for Celery."""
    command = [sys.executable, "-m", "venv", "--without-pip", str(folder)]
    subprocess.run(command, check=True)
    python = folder / "bin" / "python"
    ask = "import sysconfig; print(sysconfig.get_path('purelib'))"
    answer = subprocess.run(
        [python, "-c", ask], check=True, capture_output=True, text=True
    )
    there = Path(answer.stdout.strip())
    here = {sysconfig.get_path("purelib"), *site.getsitepackages()}
    for packages in map(Path, here):
        for entry in packages.iterdir() if packages.is_dir() else ():
            target = there / entry.name
            is_wanted = not entry.name.startswith(NOT_THERE)
            # A path file may lead to an editable install of what is being tested.
            if is_wanted and entry.suffix != ".pth" and not target.exists():
                target.symlink_to(entry)
    return python
