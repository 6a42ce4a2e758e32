"""Where helm and kubectl are: on PATH, or beside this Python (package helm-binary)."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from tests.servers import ServerMissingError

NEWEST_VERSIONS = 5


def program(name: str) -> str:
    """The path of a tool, or ServerMissingError."""
    beside = Path(sys.executable).parent / name
    found = shutil.which(name) or (str(beside) if beside.is_file() else None)
    if found is None:
        message = f"no {name} on PATH, nor from a package of the test group"
        raise ServerMissingError(message)
    return found


def helm(*arguments: object) -> str:
    """What helm prints; AssertionError with its words if it fails."""
    return _run(program("helm"), *arguments)


def kustomize(folder: Path) -> str:
    return _run(program("kubectl"), "kustomize", folder)


def bundled_versions() -> list[str]:
    """The newest versions of Kubernetes whose schemas kubernetes-validate brings."""
    try:
        from kubernetes_validate.utils import all_versions
    except ImportError as error:
        message = "the package kubernetes-validate is missing"
        raise ServerMissingError(message) from error
    # The package lists a version more than once.
    distinct = sorted({tuple(map(int, str(v).split("."))) for v in all_versions()})
    return [".".join(map(str, parts)) for parts in distinct[-NEWEST_VERSIONS:]]


def validate(data: dict[str, object], version: str) -> None:
    """Raise what kubernetes-validate has against it, unknown keys included."""
    import kubernetes_validate

    kubernetes_validate.validate(data, version, strict=True)


def _run(*command: object) -> str:
    line = [str(part) for part in command]
    done = subprocess.run(line, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
