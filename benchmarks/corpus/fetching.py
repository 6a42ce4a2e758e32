"""Source distributions and environments, through pip and its own configuration."""

from __future__ import annotations

import hashlib
import subprocess
import tarfile
import venv
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def unpacked(package, cache: Path) -> Path:
    """The folder of the distribution, fetched once; its digest is checked each time."""
    archive = cache / f"{package['name']}-{package['version']}.tar.gz"
    if not archive.exists():
        cache.mkdir(parents=True, exist_ok=True)
        archive.write_bytes(_download(package))
    digest = hashlib.sha256(archive.read_bytes()).hexdigest()
    if digest != package["sha256"]:
        raise SystemExit(f"{archive.name}: sha256 is {digest}, not the manifest's")
    folder = cache / archive.name.removesuffix(".tar.gz")
    if not folder.exists():
        with tarfile.open(archive) as tar:
            tar.extractall(folder, filter="data")
    (inner,) = folder.iterdir()
    return inner


def _download(package) -> bytes:
    """The bytes of the sdist, by the index that pip is configured for."""
    from pip._internal.commands import create_command

    command = create_command("download")
    options, _ = command.parse_args([])
    with command.main_context():
        session = command.get_default_session(options)
        finder = command._build_package_finder(options, session)  # noqa: SLF001 - pip has no public index client
        for candidate in finder.find_all_candidates(package["name"]):
            is_sdist = candidate.link.filename.endswith(".tar.gz")
            if is_sdist and str(candidate.version) == package["version"]:
                response = session.get(candidate.link.url_without_fragment)
                response.raise_for_status()
                return response.content
    raise SystemExit(f"{package['name']} {package['version']}: no sdist in the index")


def environment(package, cache: Path) -> Path:
    """The Python of a virtual environment with the package in it."""
    folder = cache / f"env-{package['name']}-{package['version']}"
    python = folder / "bin" / "python"
    marker = folder / "complete"
    if not marker.exists():
        venv.create(folder, with_pip=True, clear=True)
        wanted = [f"{package['name']}=={package['version']}"]
        wanted += package.get("requires", [])
        subprocess.run([python, "-m", "pip", "install", "-q", *wanted], check=True)
        marker.touch()
    return python
