"""A copy of the seed project with a database and a Redis of its own, and a provider."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING

from tests.servers import die_with_parent, stop

if TYPE_CHECKING:
    from collections.abc import Iterator

FIXTURE = Path(__file__).parents[1] / "fixtures" / "projects" / "goblin_assistant"
CELERY = ("celery", "-A", "goblin_assistant.celery_app")
AUTHOR = ("-c", "user.name=Goblin", "-c", "user.email=goblin@example.org")
UNWANTED = shutil.ignore_patterns("__pycache__", ".pytest_cache", "*.db", "exports")


class GoblinProject:
    """A copy of the fixture below `folder`, with its processes and its database."""

    fixture = FIXTURE
    name = "goblin"
    executable = sys.executable

    def __init__(self, folder: Path, redis_url: str) -> None:
        self.root = folder / self.name
        self.logs = folder / "logs"
        self.logs.mkdir(parents=True)
        shutil.copytree(self.fixture, self.root, ignore=UNWANTED)
        self.database = folder / f"{self.name}.db"
        # What is being tested must be importable from the project's folder, unless it
        # is installed (the smoke run against the wheel has no source beside it).
        source = Path(__file__).parents[1]
        paths = [self.root, *([source] if (source / "migrator").is_dir() else [])]
        self.env = {
            **os.environ,
            "REDIS_URL": redis_url,
            "DATABASE_URL": f"sqlite:///{self.database}",
            "PYTHONPATH": os.pathsep.join(map(str, paths)),
        }

    def run(self, *arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
        """`python ARGUMENTS` in the project, with what it printed."""
        return subprocess.run(
            [self.executable, *arguments],
            cwd=self.root,
            env={**self.env, **env},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def python(self, *arguments: str) -> str:
        """What `python ARGUMENTS` prints; AssertionError if it does not end well."""
        done = self.run(*arguments)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def git(self, *arguments: str) -> str:
        done = subprocess.run(
            ["git", *AUTHOR, *arguments],
            cwd=self.root,
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout

    def commit_all(self, message: str) -> None:
        if not (self.root / ".git").is_dir():
            self.git("init", "--quiet")
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", message)

    def contents(self) -> dict[str, tuple[bytes, int]]:
        """Bytes and mode of every file, but for caches and git's own."""
        return {
            path.relative_to(self.root).as_posix(): (
                path.read_bytes(),
                path.stat().st_mode,
            )
            for path in self.root.rglob("*")
            if path.is_file()
            and not {".git", "__pycache__", ".pytest_cache"} & set(path.parts)
        }

    @contextmanager
    def running(
        self, *module: str, log: str = "", **env: str
    ) -> Iterator[subprocess.Popen[bytes]]:
        """`python -m MODULE...`, ended by SIGTERM; its output goes to a log file."""
        with (self.logs / f"{log or module[0]}.log").open("ab") as output:
            process = subprocess.Popen(
                [self.executable, "-m", *module],
                cwd=self.root,
                env={**self.env, **env},
                stdout=output,
                stderr=output,
                preexec_fn=die_with_parent,  # noqa: PLW1509 - one call, no locks
            )
            try:
                yield process
            finally:
                stop(process)

    def execute(self, statement: str) -> None:
        with closing(sqlite3.connect(self.database, timeout=10)) as connection:
            connection.execute(statement)
            connection.commit()

    def rows(self, query: str) -> list[tuple[object, ...]]:
        with closing(sqlite3.connect(self.database, timeout=10)) as connection:
            return connection.execute(query).fetchall()


@contextmanager
def answering_provider() -> Iterator[str]:
    """A provider that is up; yields its URL."""

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_arguments: object) -> None:
            """Not into the output of the test run."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
