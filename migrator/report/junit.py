"""The outcome of `migrate verify` as JUnit XML, for CI systems that read it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol
from xml.etree import ElementTree as ET

from migrator.shown import printable

if TYPE_CHECKING:
    from collections.abc import Sequence

SUITE = "migrate verify"


class Outcome(Protocol):
    """What is asked of a check: a name, what it looked at, and what is wrong."""

    @property
    def name(self) -> str: ...
    @property
    def facts(self) -> str: ...
    @property
    def problems(self) -> Sequence[object]: ...


def junit_document(checks: Sequence[Outcome]) -> str:
    """A test case for each check; its problems are the text of its failure.

    Characters that XML cannot hold at all are spelled out.
    """
    failed = sum(bool(check.problems) for check in checks)
    counts = {"tests": str(len(checks)), "failures": str(failed), "errors": "0"}
    suites = ET.Element("testsuites", {"name": SUITE, **counts})
    suite = ET.SubElement(suites, "testsuite", {"name": SUITE, **counts})
    for check in checks:
        _case(suite, check)
    ET.indent(suites)
    head = '<?xml version="1.0" encoding="UTF-8"?>\n'
    return head + ET.tostring(suites, encoding="unicode")


def _case(suite: ET.Element, check: Outcome) -> None:
    names = {"classname": "migrate.verify", "name": printable(check.name)}
    case = ET.SubElement(suite, "testcase", names)
    if check.problems:
        message = f"{len(check.problems)} not accounted for ({check.facts})"
        failure = ET.SubElement(case, "failure", {"message": printable(message)})
        failure.text = "\n".join(printable(str(p)) for p in check.problems)
    else:
        ET.SubElement(case, "system-out").text = printable(check.facts)
