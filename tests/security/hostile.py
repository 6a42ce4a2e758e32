"""A repository that wants to run, to write elsewhere, and to break out of reports."""

from __future__ import annotations

import itertools
import os
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

import tomlkit

if TYPE_CHECKING:
    from pathlib import Path

SECRETS = ("hunter-url", "hunter-setting", "hunter-argument", "hunter-backend")
TEXTS = (
    "<script>window.taken=1</script>",
    '"><img src=x onerror=window.taken=1>',
    "\x1b[2J\x1b]0;owned\x07",
    "a: b\n- c: !!python/object/apply:os.system ['touch EXECUTED']",
    "$(touch EXECUTED)`touch EXECUTED`; touch EXECUTED",
    "../../../../etc/passwd",
    "{{ 7*7 }}{% raw %}{# #}",
    'quote"\'"""\\',
    "\u202eevil\u2066",
    "line\r\n::error file=x::taken",
    "---\n...\n---",
    'name]\n[tasks.x]\naccept = "yes"',
)
# On beat; the proof of a schedule takes its time, and names are all that matters.
SCHEDULED = tuple(TEXTS[number] for number in (3, 4, 6, 7, 9))
FILES = (
    "<img src=x onerror=taken=1>.py",
    "a\x1b[31mb.py",
    "new\nline.py",
    "$(touch EXECUTED).py",
    "'; touch EXECUTED;'.py",
    "..py",
    "--output=x.py",
)
# What Python or a library of ours would import from the current folder.
SHADOWS = (
    *("celeryconfig", "sitecustomize", "usercustomize", "conftest", "setup"),
    *("json", "click", "rich", "yaml", "tomlkit", "libcst", "jinja2", "apscheduler"),
)
HOOKS = (
    *("pre-commit", "prepare-commit-msg", "commit-msg", "post-commit"),
    *("post-checkout", "post-index-change", "reference-transaction"),
)
AUTHOR = ("-c", "user.name=Goblin", "-c", "user.email=goblin@example.org")


@dataclass(frozen=True)
class Hostile:
    """The repository, a folder beside it, and the file that gives it away."""

    root: Path
    outside: Path

    @property
    def mark(self) -> Path:
        return self.outside / "EXECUTED"

    def around(self) -> dict[str, bytes]:
        """Every file outside of the repository."""
        return {
            path.relative_to(self.root.parent).as_posix(): path.read_bytes()
            for path in self.root.parent.rglob("*")
            if path.is_file() and not path.is_relative_to(self.root)
        }

    def decide(self) -> None:
        """Say yes to every task of the plan, to each target in turn."""
        path = self.root / "migrate.toml"
        document = tomlkit.parse(path.read_text(encoding="utf-8"))
        targets = itertools.cycle(["cronjob", "apscheduler", "runner"])
        for stanza in document["tasks"].values():
            stanza["accept"] = "yes"
            if stanza["source"] == "evil/tasks.py":
                stanza["target"] = next(targets)
        path.write_text(tomlkit.dumps(document), encoding="utf-8")


def hostile(folder: Path) -> Hostile:
    made = Hostile(folder / "project", folder / "outside")
    package = made.root / "evil"
    package.mkdir(parents=True)
    made.outside.mkdir()
    boom = f"open({str(made.mark)!r}, 'a').write(__name__ + '\\n')\n"
    for name in SHADOWS:
        (made.root / f"{name}.py").write_text(boom)
    (package / "__init__.py").write_text(boom)
    (package / "tasks.py").write_text(_tasks(boom), encoding="utf-8")
    for number, name in enumerate(FILES):
        source = "from celery import shared_task\n@shared_task\n"
        body = "    Row.objects.filter(id=1).delete()\n"
        (package / name).write_text(f"{boom}{source}def f{number}():\n{body}")
    (made.outside / "linked.py").write_text(
        "from celery import shared_task\n@shared_task\ndef linked(): pass\n"
    )
    (package / "link.py").symlink_to(made.outside / "linked.py")
    (package / "folder").symlink_to(made.outside)
    (package / "circle").symlink_to(package)
    (made.root / "Procfile").write_text("beat: celery -A evil.tasks beat\n")
    (made.root / "docker-compose.yml").write_text(
        "services:\n  beat:\n    command: celery -A evil.tasks beat\n"
        f"  x: !!python/object/apply:os.system ['touch {made.mark}']\n"
    )
    (made.root / "pyproject.toml").write_text(
        "[project]\nname = 'evil'\ndependencies = ['celery']\n"
    )
    return made


def _tasks(boom: str) -> str:
    lines = [
        "from celery import Celery",
        "from celery.schedules import crontab",
        boom,
        f"app = Celery('evil', broker='redis://user:{SECRETS[0]}@broker:6379/0')",
        f"app.conf.redis_password = '{SECRETS[1]}'",
        f"app.conf.result_backend = 'db+postgresql://u:{SECRETS[3]}@db/x'",
        "",
    ]
    for number, text in enumerate(TEXTS):
        lines += [
            f"@app.task(name={text!r}, ignore_result=True)",
            f"def task{number}(x=None, token=None):",
            f"    # {text!a}",
            "    Row.objects.filter(id=1).delete()",
            "",
            f"def call{number}():",
            f"    task{number}.delay({text!r}, token='{SECRETS[2]}')",
            "",
        ]
    lines.append("app.conf.beat_schedule = {")
    for minute, text in enumerate(SCHEDULED):
        when = f"crontab(minute={minute}, hour=3)"
        entry = f"{{'task': {text!r}, 'schedule': {when}, 'args': ({text!r},)}}"
        lines.append(f"    {text!r}: {entry},")
    return "\n".join([*lines, "}", ""])


def as_repository(made: Hostile) -> None:
    """With a commit, and a configuration of its own that names programs."""
    (made.root / ".gitattributes").write_text("* filter=evil diff=evil\n")
    for arguments in (
        ("init", "--quiet"),
        ("add", "--all"),
        ("commit", "--quiet", "--message", "before"),
    ):
        subprocess.run(
            ["git", *AUTHOR, *arguments], cwd=made.root, check=True, capture_output=True
        )
    folder = made.root / ".git"
    for name in HOOKS:
        _program(folder / "hooks" / name, made.mark, f"hook {name}")
    signer = folder / "signer"
    _program(signer, made.mark, "signer")
    run = f"echo RAN >> {made.mark}; cat"
    with (folder / "config").open("a") as config:
        config.write(
            f'[filter "evil"]\n  clean = "{run}"\n  smudge = "{run}"\n'
            f'[diff "evil"]\n  textconv = "{run}"\n  command = "{run}"\n'
            f'[core]\n  fsmonitor = "{run}"\n  pager = "{run}"\n  editor = "{run}"\n'
            f'[diff]\n  external = "{run}"\n'
            f"[commit]\n  gpgsign = true\n[gpg]\n  program = {signer}\n"
        )


def _program(path: Path, mark: Path, what: str) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"#!/bin/sh\necho {what} >> {mark}\n")
    os.chmod(path, 0o755)  # noqa: PTH101 - one call
