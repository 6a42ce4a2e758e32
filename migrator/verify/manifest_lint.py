"""What is wrong with a CronJob although its schema allows it.

Schemas let through a concurrency policy that does not exist, a schedule of four
fields, an unknown zone, and every omission. One rule per function; each has a bad
example in the tests. https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any, TypeGuard

from migrator.schedules.cron_rules import CronError, CronRule
from migrator.schedules.zones import UnknownZoneError, zone_info

LONGEST_NAME = 52
SHORTEST_DEADLINE = 10  # the controller looks every ten seconds
MACROS = {"@hourly", "@daily", "@weekly", "@monthly", "@yearly", "@midnight"}
QUANTITY = re.compile(r"\d+(?:\.\d+)?(?:m|[kMGTPE]i?|[eE]\d+)?")
NAME = re.compile(r"[a-z0-9](?:[-a-z0-9]*[a-z0-9])?")
PASSWORD_IN_URL = re.compile(r"://[^/\s:]*:[^@\s]+@")
SECRET_NAME = re.compile(r"PASSWORD|SECRET|TOKEN|API_?KEY|CREDENTIAL", re.IGNORECASE)

Manifest = dict[str, Any]
Rule = Callable[[Manifest], Iterator[str]]


def lint(manifest: Manifest) -> list[str]:
    """Problems of a CronJob, as `rule: what is wrong`; of anything else, none."""
    if manifest.get("kind") != "CronJob":
        return []
    return [
        f"{rule.__name__.replace('_', '-')}: {problem}"
        for rule in RULES
        for problem in rule(manifest)
    ]


def name(manifest: Manifest) -> Iterator[str]:
    given = str(manifest.get("metadata", {}).get("name", ""))
    if len(given) > LONGEST_NAME or not NAME.fullmatch(given):
        yield f"{given!r} is no DNS-1123 name of at most {LONGEST_NAME} characters"


def schedule(manifest: Manifest) -> Iterator[str]:
    text = str(_spec(manifest).get("schedule", ""))
    if "TZ=" in text:
        yield f"{text!r} names a zone; timeZone is the place for it"
        return
    if text in MACROS:
        return
    try:
        CronRule(text)
    except (CronError, ValueError) as error:
        yield str(error)


def time_zone(manifest: Manifest) -> Iterator[str]:
    zone = _spec(manifest).get("timeZone")
    if not zone:
        yield "timeZone is not set: the controller's own zone would count"
        return
    try:
        zone_info(str(zone))
    except UnknownZoneError:
        yield f"timeZone {zone!r} is unknown"


def concurrency_policy(manifest: Manifest) -> Iterator[str]:
    given = _spec(manifest).get("concurrencyPolicy", "Allow")
    if given != "Forbid":
        yield f"concurrencyPolicy is {given!r}, not Forbid: runs could overlap"


def starting_deadline(manifest: Manifest) -> Iterator[str]:
    given = _spec(manifest).get("startingDeadlineSeconds")
    if not _is_number(given):
        yield "startingDeadlineSeconds is not set: after 100 missed starts it stops"
        return
    if given <= SHORTEST_DEADLINE:
        yield f"startingDeadlineSeconds {given} is too short to be seen in time"
    period = _period(manifest)
    if period is not None and given >= period:
        yield f"startingDeadlineSeconds {given} is not less than the period {period:g}"


def active_deadline(manifest: Manifest) -> Iterator[str]:
    given = _job(manifest).get("activeDeadlineSeconds")
    if not _is_number(given) or given <= 0:
        yield "activeDeadlineSeconds is not set: a run that hangs blocks all others"
        return
    period = _period(manifest)
    if period is not None and given >= period:
        yield f"activeDeadlineSeconds {given} is not less than the period {period:g}"


def backoff_limit(manifest: Manifest) -> Iterator[str]:
    if not _is_number(_job(manifest).get("backoffLimit")):
        yield "backoffLimit is not set: a failure would be repeated six times"


def restart_policy(manifest: Manifest) -> Iterator[str]:
    given = _pod(manifest).get("restartPolicy")
    if given != "Never":
        yield f"restartPolicy is {given!r}, not Never: restarts count nowhere"


def history(manifest: Manifest) -> Iterator[str]:
    for limit in ("successfulJobsHistoryLimit", "failedJobsHistoryLimit"):
        if not _is_number(_spec(manifest).get(limit)):
            yield f"{limit} is not set"
    if "ttlSecondsAfterFinished" in _job(manifest):
        yield "ttlSecondsAfterFinished removes Jobs that the history limits would keep"


def wait_for_stores(manifest: Manifest) -> Iterator[str]:
    if not _pod(manifest).get("initContainers"):
        yield "no init container waits for the stores"


def resources(manifest: Manifest) -> Iterator[str]:
    for container in _containers(manifest):
        given = container.get("resources", {})
        requests, limits = given.get("requests", {}), given.get("limits", {})
        wanted = (
            ("requests.cpu", requests.get("cpu")),
            ("requests.memory", requests.get("memory")),
            ("limits.memory", limits.get("memory")),
        )
        for what, quantity in wanted:
            if not QUANTITY.fullmatch(str(quantity)):
                yield f"{_called(container)}: {what} is {quantity!r}, no quantity"


def non_root(manifest: Manifest) -> Iterator[str]:
    for container, context in _contexts(manifest):
        if context.get("runAsNonRoot") is not True or context.get("runAsUser") == 0:
            yield f"{_called(container)} may run as root"


def read_only_root(manifest: Manifest) -> Iterator[str]:
    for container, context in _contexts(manifest):
        if context.get("readOnlyRootFilesystem") is not True:
            yield f"{_called(container)} can write to its root file system"


def escalation(manifest: Manifest) -> Iterator[str]:
    for container, context in _contexts(manifest):
        if context.get("allowPrivilegeEscalation") is not False:
            yield f"{_called(container)} may escalate its privileges"
        if context.get("privileged"):
            yield f"{_called(container)} is privileged"


def capabilities(manifest: Manifest) -> Iterator[str]:
    for container, context in _contexts(manifest):
        given = context.get("capabilities", {})
        if given.get("drop") != ["ALL"] or given.get("add"):
            yield f"{_called(container)} does not drop all capabilities"


def seccomp(manifest: Manifest) -> Iterator[str]:
    for container, context in _contexts(manifest):
        if context.get("seccompProfile", {}).get("type") != "RuntimeDefault":
            yield f"{_called(container)}: the seccomp profile is not RuntimeDefault"


def service_account_token(manifest: Manifest) -> Iterator[str]:
    if _pod(manifest).get("automountServiceAccountToken") is not False:
        yield "the token of a service account is mounted"


def image(manifest: Manifest) -> Iterator[str]:
    for container in _containers(manifest):
        given = str(container.get("image", ""))
        _, colon, tag = given.rpartition("/")[2].partition(":")
        if "@sha256:" not in given and (not colon or tag in {"", "latest"}):
            yield f"{_called(container)}: image {given!r} has no fixed tag"


def secrets(manifest: Manifest) -> Iterator[str]:
    for container in _containers(manifest):
        for variable in container.get("env", []):
            value = str(variable.get("value") or "")
            is_named = SECRET_NAME.search(str(variable.get("name"))) is not None
            if (is_named and value) or PASSWORD_IN_URL.search(value):
                yield f"{_called(container)}: {variable.get('name')} holds a secret"


RULES: tuple[Rule, ...] = (
    name,
    schedule,
    time_zone,
    concurrency_policy,
    starting_deadline,
    active_deadline,
    backoff_limit,
    restart_policy,
    history,
    wait_for_stores,
    resources,
    non_root,
    read_only_root,
    escalation,
    capabilities,
    seccomp,
    service_account_token,
    image,
    secrets,
)


def _spec(manifest: Manifest) -> Manifest:
    return manifest.get("spec") or {}


def _job(manifest: Manifest) -> Manifest:
    return (_spec(manifest).get("jobTemplate") or {}).get("spec") or {}


def _pod(manifest: Manifest) -> Manifest:
    return (_job(manifest).get("template") or {}).get("spec") or {}


def _containers(manifest: Manifest) -> list[Manifest]:
    pod = _pod(manifest)
    return [*(pod.get("initContainers") or []), *(pod.get("containers") or [])]


def _contexts(manifest: Manifest) -> Iterator[tuple[Manifest, Manifest]]:
    """Each container with the security context that holds for it."""
    pod = _pod(manifest).get("securityContext") or {}
    for container in _containers(manifest):
        yield container, pod | (container.get("securityContext") or {})


def _called(container: Manifest) -> str:
    return f"container {container.get('name')!r}"


def _is_number(value: Any) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool)


def _period(manifest: Manifest) -> float | None:
    """Seconds between the two closest starts; None for a bad schedule."""
    spec = _spec(manifest)
    zone = str(spec.get("timeZone") or "UTC")
    try:
        zone_info(zone)
        rule = CronRule(str(spec.get("schedule")), zone)
    except ValueError:  # CronError and UnknownZoneError: rules of their own
        return None
    gap = rule.shortest_gap()
    return None if gap is None else gap.total_seconds()
