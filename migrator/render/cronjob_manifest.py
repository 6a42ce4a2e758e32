"""CronJobs as plain data: the one source of the manifests and of the chart's values."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import Any

import yaml

LONGEST_NAME = 52  # Kubernetes adds 11 characters to it for each Job
SHORTEST_DEADLINE = 11  # its controller looks every 10 seconds
STARTING = 60  # seconds to pull the image, wait for the stores and import
IMAGE = "app:unset"  # what the kustomization replaces; `unset` cannot be pulled
JOB_NAME_FIELD = "metadata.labels['batch.kubernetes.io/job-name']"

POD_SECURITY = {
    "runAsNonRoot": True,
    "runAsUser": 10001,
    "runAsGroup": 10001,
    "seccompProfile": {"type": "RuntimeDefault"},
}
SECURITY = {
    "allowPrivilegeEscalation": False,
    "readOnlyRootFilesystem": True,
    "capabilities": {"drop": ["ALL"]},
}
RESOURCES = {
    "requests": {"cpu": "100m", "memory": "128Mi"},
    "limits": {"memory": "256Mi"},
}


@dataclass(frozen=True, slots=True)
class CronJob:
    """One CronJob. Times are seconds."""

    name: str
    entry: str
    schedule: str
    zone: str
    module: str  # of the worker
    wait_module: str
    arguments: tuple[str, ...]
    starting_deadline: int
    active_deadline: int
    retries: int
    is_enabled: bool = True


def cronjob_name(entry: str, taken: set[str], suffix: str = "") -> str:
    """A DNS-1123 name of at most 52 characters that is not taken yet."""
    words = re.sub(r"[^a-z0-9]+", "-", entry.lower()).strip("-") or "job"
    name = words[: LONGEST_NAME - len(suffix)].rstrip("-") + suffix
    if name != words + suffix or name in taken:
        # Shortened or taken: the digest of the full name keeps two apart.
        digest = hashlib.blake2b(entry.encode(), digest_size=4).hexdigest()
        room = LONGEST_NAME - len(digest) - 1 - len(suffix)
        name = f"{words[:room].rstrip('-')}-{digest}{suffix}"
    taken.add(name)
    return name


def deadlines(period: float, timeout: float, expires: float | None) -> tuple[int, int]:
    """The seconds for startingDeadlineSeconds and activeDeadlineSeconds.

    A start may be late by nearly a period, as one run is made up for by beat; more
    than one missed start is never counted. The next run finds the last one ended.
    """
    latest = period - 1 if expires is None else min(period - 1, expires)
    active = min(timeout + STARTING, max(period - 1, timeout))
    return max(SHORTEST_DEADLINE, int(latest)), max(1, int(active))


def manifest(job: CronJob, app: str) -> dict[str, Any]:
    """The CronJob object of the API, suspended, for the kustomize base."""
    labels = {"app.kubernetes.io/name": app, "app.kubernetes.io/component": job.name}
    return {
        "apiVersion": "batch/v1",
        "kind": "CronJob",
        "metadata": {
            "name": job.name,
            "labels": dict(labels),
            "annotations": {"light-tasks/entry": job.entry},
        },
        "spec": {
            "schedule": job.schedule,
            "timeZone": job.zone,
            "suspend": True,
            "concurrencyPolicy": "Forbid",
            "startingDeadlineSeconds": job.starting_deadline,
            "successfulJobsHistoryLimit": 1,
            "failedJobsHistoryLimit": 3,
            "jobTemplate": {
                "spec": {
                    "activeDeadlineSeconds": job.active_deadline,
                    "backoffLimit": job.retries,
                    "template": {
                        "metadata": {"labels": dict(labels)},
                        "spec": _pod(job, app),
                    },
                }
            },
        },
    }


def _pod(job: CronJob, app: str) -> dict[str, Any]:
    shared: dict[str, Any] = {
        "envFrom": [{"secretRef": {"name": f"{app}-env"}}],
        "resources": RESOURCES,
        "securityContext": SECURITY,
    }
    return {
        "restartPolicy": "Never",
        "automountServiceAccountToken": False,
        "securityContext": POD_SECURITY,
        "initContainers": [
            {
                "name": "wait",
                "image": IMAGE,
                "command": ["python", "-m", job.wait_module],
                **shared,
            }
        ],
        "containers": [
            {
                "name": "task",
                "image": IMAGE,
                "command": ["python", "-m", job.module],
                "args": list(job.arguments),
                "env": [
                    {"name": "CRONJOB_NAME", "value": job.name},
                    {
                        "name": "JOB_NAME",
                        "valueFrom": {"fieldRef": {"fieldPath": JOB_NAME_FIELD}},
                    },
                ],
                **shared,
                "volumeMounts": [{"name": "tmp", "mountPath": "/tmp"}],  # noqa: S108 - in the container
            }
        ],
        "volumes": [{"name": "tmp", "emptyDir": {}}],
    }


def values(jobs: tuple[CronJob, ...], app: str) -> dict[str, Any]:
    """values.yaml of the chart: the same facts, and the image that is to be set."""
    return {
        "image": {"repository": "", "tag": ""},
        "suspend": True,
        "secretName": f"{app}-env",
        "waitModule": jobs[0].wait_module,
        "successfulJobsHistoryLimit": 1,
        "failedJobsHistoryLimit": 3,
        "podSecurityContext": POD_SECURITY,
        "securityContext": SECURITY,
        "resources": RESOURCES,
        "cronJobs": {
            job.name: {
                "entry": job.entry,
                "schedule": job.schedule,
                "timeZone": job.zone,
                "suspend": not job.is_enabled,
                "startingDeadlineSeconds": job.starting_deadline,
                "activeDeadlineSeconds": job.active_deadline,
                "backoffLimit": job.retries,
                "command": ["python", "-m", job.module],
                "args": list(job.arguments),
            }
            for job in jobs
        },
    }


class _Plain(yaml.SafeDumper):
    """Writes out what stands in two places, instead of an anchor and a reference."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 - the dumper's signature
        return True


def dumped(data: Any, comment: str) -> bytes:
    """YAML text below a comment of one or more lines."""
    head = "".join(f"# {line}\n" for line in comment.splitlines())
    text = yaml.dump(data, Dumper=_Plain, sort_keys=False, width=88)
    return (head + text).encode()
