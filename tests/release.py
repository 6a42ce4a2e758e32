"""Builds what is released, twice, and tests that wheel with the source out of reach.

    python -m tests.release            on every Python of PYTHONS that is found here
    python -m tests.release FOLDER     and leaves the files there

The two builds have to be equal byte by byte: whoever builds this commit again gets the
files that were published (https://reproducible-builds.org/docs/source-date-epoch/).
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
PYTHONS = ("3.11", "3.12", "3.13")
SMOKE = "tests/acceptance/test_journey.py"
EXTRAS = "migrate,redis,fastapi,metrics"
# What the smoke part needs beside the wheel; no package of ours is among it.
BESIDE = ("tests", "fixtures", "pyproject.toml", "README.md")
ZIP_BEGINS = "315532800"  # 1980: the format knows no time before


def run(*command: object, **options: object) -> bool:
    line = [str(part) for part in command]
    print(f"\n$ {' '.join(line)}", flush=True)
    done = subprocess.run(line, check=False, **{"cwd": ROOT, **options})
    return done.returncode == 0


def source_date() -> str:
    """Seconds: of the last commit; a fixed moment where there is no repository."""
    command = ["git", "log", "-1", "--format=%ct"]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, check=False
    )
    return done.stdout.strip() or ZIP_BEGINS


def build(folder: Path) -> dict[str, str]:
    """The sha256 of each file that two builds make; {} where they fail or differ."""
    environment = {**os.environ, "SOURCE_DATE_EPOCH": source_date()}
    sums = []
    for name in ("first", "second"):
        place = folder / name
        command = (sys.executable, "-m", "build", "--outdir", place, ".")
        if not run(*command, env=environment):
            return {}
        sums.append(
            {
                path.name: hashlib.sha256(path.read_bytes()).hexdigest()
                for path in sorted(place.iterdir())
            }
        )
    if sums[0] != sums[1]:
        print(f"the two builds differ: {sums[0]} {sums[1]}")
        return {}
    for name, digest in sums[0].items():
        print(f"{digest}  {name}")
    return sums[0]


def check_wheel(wheel: Path, python: str, folder: Path) -> bool:
    """Install the wheel alone, and run the smoke part without the source."""
    environment = folder / "venv"
    own = environment / "bin" / "python"
    for part in BESIDE:
        copy = shutil.copytree if (ROOT / part).is_dir() else shutil.copy
        copy(ROOT / part, folder / part)
    install = (own, "-m", "pip", "install", "--quiet")
    installed = (
        run(python, "-m", "venv", environment)
        and run(*install, "--upgrade", "pip>=25.1")
        and run(*install, f"{wheel}[{EXTRAS}]")
        and run(*install, "--group", f"{folder / 'pyproject.toml'}:test")
    )
    command = (own, "-m", "pytest", SMOKE, "-q", "-m", "smoke", "-n", "auto")
    return installed and run(*command, cwd=folder)


def found_pythons() -> dict[str, str]:
    """version -> program: on PATH, or among those that pyenv has installed."""
    found = {}
    root = os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv"
    for version in PYTHONS:
        installed = sorted(Path(root).glob(f"versions/{version}.*/bin/python"))
        candidates = [shutil.which(f"python{version}"), *map(str, installed)]
        for program in filter(None, candidates):
            if _is_version(program, version):
                found[version] = program
                break
    return found


def _is_version(program: str, version: str) -> bool:
    """A program of that name may be one that only says how to install it."""
    ask = "import sys; print('.'.join(map(str, sys.version_info[:2])))"
    done = subprocess.run(
        [program, "-c", ask], capture_output=True, text=True, check=False
    )
    return done.stdout.strip() == version


def wheel(pythons: dict[str, str], kept: Path | None = None) -> bool:
    """Build, and test on each of these; True if all of it passed."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        if not build(place):
            return False
        built = next((place / "first").glob("*.whl"))
        results = {}
        for version, program in pythons.items():
            (place / version).mkdir()
            results[version] = check_wheel(built, program, place / version)
        for version, passed in results.items():
            print(f"Python {version}: {'passed' if passed else 'FAILED'}", flush=True)
        if kept is not None and all(results.values()):
            shutil.copytree(place / "first", kept, dirs_exist_ok=True)
        return all(results.values())


def main(arguments: list[str]) -> int:
    pythons = found_pythons()
    for version in PYTHONS:
        if version not in pythons:
            print(f"left out: Python {version} was not found on PATH or in pyenv")
    passed = wheel(pythons, Path(arguments[0]) if arguments else None)
    return 0 if passed and pythons else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
