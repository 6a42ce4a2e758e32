"""Takes public projects off Celery, from the scan to `finish` and `undo`.

    python benchmarks/case_studies/run.py [--only NAME] [--cache FOLDER] [--work FOLDER]

Fetches the sources of manifest.toml, makes an environment for each, and prints what
happened as JSON. Ends with 1 where a test that passed does not any more, where the
moved task did not run, or where `undo` left a byte.
"""

from __future__ import annotations

import argparse
import json
import os
import shlex
import subprocess
import sys
import time
import tomllib
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree as ET

import tomlkit

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

from servers import free_port, mail_server, redis_server  # noqa: E402 - this folder
from source import environment, git, working_copy  # noqa: E402 - this folder

PATIENCE = 60.0  # seconds until a call must have run
SETTLING = 5.0  # seconds for what is stored to be worked off


class CaseError(Exception):
    """What was promised did not happen."""


@dataclass(frozen=True)
class Case:
    """A case in its folder, with the environment of its processes."""

    given: dict
    folder: Path
    variables: dict[str, str]
    port: str

    @property
    def runs_in(self) -> str:
        return self.given.get("runs_in", "")

    def run(self, *command: str, codes=(0,), cwd: str = "") -> str:
        done = subprocess.run(
            command,
            cwd=self.folder / cwd,
            env=self.variables,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode not in codes:
            lines = (done.stdout + done.stderr).splitlines()[-15:]
            raise CaseError("\n".join([shlex.join(command), *lines]))
        return done.stdout + done.stderr

    def migrate(self, *words: str, codes=(0,)) -> str:
        return self.run("migrate", *words, codes=codes)

    def passing(self) -> frozenset[str]:
        """The ids of the tests that pass now."""
        report = self.folder.with_name(f"{self.folder.name}.xml")
        command = shlex.split(self.given["tests"])
        self.run(*command, f"--junitxml={report}", codes=(0, 1))
        return frozenset(
            f"{one.get('classname')}::{one.get('name')}"
            for one in ET.parse(report).iter("testcase")
            if not any(child.tag in {"failure", "error", "skipped"} for child in one)
        )

    def commit(self, message: str) -> None:
        git(self.folder, "add", "-A")
        git(self.folder, "commit", "-q", "--allow-empty", "-m", message)

    def decide(self, key: str, choice: dict[str, str]) -> None:
        """What a person writes into migrate.toml."""
        path = self.folder / "migrate.toml"
        document = tomlkit.parse(path.read_text(encoding="utf-8"))
        for task, value in choice.items():
            stanza = document["tasks"][task]
            stanza[key] = value
            if key == "target":
                stanza["accept"] = "yes"
        path.write_text(tomlkit.dumps(document), encoding="utf-8")


def studied(case: Case) -> dict:
    """The whole journey; what it found and how long it took."""
    tests, report = case.given["tests"], {}
    before = case.passing()
    git(case.folder, "clean", "-fdq")
    report["tests before"] = len(before)
    started = time.monotonic()
    scan = json.loads(case.migrate("scan", "--format", "json", codes=(0, 1)))
    report["scan seconds"] = round(time.monotonic() - started, 1)
    levels = [verdict["level"] for verdict in scan["verdicts"]]
    report["verdicts"] = {level: levels.count(level) for level in sorted(set(levels))}
    case.migrate("plan", codes=(0, 1))
    case.decide("target", case.given.get("accept", {}))
    case.commit("Plan the migration")
    report["changes"] = case.migrate("diff", "--stat", codes=(0, 1)).splitlines()
    started = time.monotonic()
    report["apply"] = case.migrate("apply", "--test", tests).splitlines()
    report["apply seconds"] = round(time.monotonic() - started, 1)
    report["verify"] = case.migrate("verify").splitlines()
    report["tests after"] = len(_same(before, case.passing(), "apply"))
    report["ran"] = _ran(case)
    _undone(case)
    case.migrate("apply")
    case.decide("callers", case.given.get("callers", {}))
    case.commit("Move the light tasks")
    _drained(case)
    report["finish"] = case.migrate("finish", "--all", codes=(0, 1)).splitlines()
    report["tests at the end"] = len(_same(before, case.passing(), "finish"))
    return report


def _same(before: frozenset[str], after: frozenset[str], step: str) -> frozenset[str]:
    if lost := sorted(before - after):
        raise CaseError(f"after {step} these pass no more: {', '.join(lost)}")
    return after


def _ran(case: Case) -> str:
    """The line in which the moved project's own process tells of the call."""
    for setup in case.given.get("before", []):
        case.run(*shlex.split(setup), cwd=case.runs_in)
    with started(case, "process") as (process, log):
        _wait_for(case.given.get("ready", ""), log, process)
        case.run("python", "-c", case.given["call"], case.port, cwd=case.runs_in)
        return _wait_for(case.given.get("seen", ""), log, process) or "as counted"


def _drained(case: Case) -> None:
    """What the tests have sent is worked off: by Celery's worker, and by ours."""
    with started(case, "worker"), started(case, "process"):
        case.migrate("drain", "--wait")
        time.sleep(SETTLING)
    case.commit("What the processes wrote")


@contextmanager
def started(case: Case, kind: str):
    """A process of the project, and its log."""
    log = case.folder.with_name(f"{case.folder.name}-{kind}.log")
    folder = case.folder / case.runs_in
    command = shlex.split(case.given[kind].replace("{port}", case.port))
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, cwd=folder, env=case.variables, stdout=output, stderr=output
        )
    try:
        yield process, log
    finally:
        process.terminate()
        process.wait(30)


def _wait_for(text: str, log: Path, process: subprocess.Popen[bytes]) -> str:
    """The line of the log with the text; at once where there is no text."""
    deadline = time.monotonic() + PATIENCE
    while text and time.monotonic() < deadline and process.poll() is None:
        for line in log.read_text(encoding="utf-8").splitlines():
            if text in line:
                return line.strip()
        time.sleep(0.2)
    if text:
        raise CaseError(f"no line with {text!r} in {log}")
    return ""


def _undone(case: Case) -> None:
    case.migrate("undo")
    if left := git(case.folder, "diff", "HEAD", "--stat"):
        raise CaseError(f"undo left: {left}")
    git(case.folder, "clean", "-fdq")


def prepared(given: dict, options, stack: ExitStack) -> Case:
    folder = working_copy(given, options.cache, options.work)
    programs = environment(given, folder, options.work)
    names = {"redis": stack.enter_context(redis_server())}
    names |= {"smtp": str(stack.enter_context(mail_server())), "folder": options.work}
    variables = {
        name: value.format(**names) for name, value in given["environment"].items()
    }
    path = os.pathsep.join([str(programs), os.environ["PATH"]])
    return Case(
        given, folder, {**os.environ, **variables, "PATH": path}, str(free_port())
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="")
    cache = Path.home() / ".cache" / "case-studies"
    parser.add_argument("--cache", type=Path, default=cache)
    parser.add_argument("--work", type=Path, default=cache / "work")
    options = parser.parse_args()
    manifest = tomllib.loads((HERE / "manifest.toml").read_text(encoding="utf-8"))
    failed = False
    for given in manifest["case"]:
        if options.only not in {"", given["name"]}:
            continue
        with ExitStack() as stack:
            try:
                report = studied(prepared(given, options, stack))
            except CaseError as error:
                failed, report = True, {"failed": str(error)}
        print(json.dumps({given["name"]: report}, indent=1, ensure_ascii=False))
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
