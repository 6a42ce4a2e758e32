"""Carries Celery beat schedules to other schedulers, exactly or not at all.

Importable by itself: plain data in, plain data out. Celery and APScheduler are
imported when a schedule is converted, not before.
"""

from __future__ import annotations

from migrator.schedules.conversion import Conversion, NotConvertibleError, convert
from migrator.schedules.cron_rules import CronError, CronRule
from migrator.schedules.kept_proofs import KeptProofs
from migrator.schedules.kubernetes import KubernetesSchedule
from migrator.schedules.planning import plan_schedules, prove_planned
from migrator.schedules.proof import Difference, Proof, prove
from migrator.schedules.stored import StoredEntry, StoreReadError, with_stored
from migrator.schedules.stored_django import read_django_celery_beat
from migrator.schedules.stored_redbeat import read_redbeat
from migrator.schedules.stored_shelve import read_shelve
from migrator.schedules.timelines import TimelineRow, timeline
from migrator.schedules.triggers import TriggerSource

__all__ = [
    "Conversion",
    "CronError",
    "CronRule",
    "Difference",
    "KeptProofs",
    "KubernetesSchedule",
    "NotConvertibleError",
    "Proof",
    "StoreReadError",
    "StoredEntry",
    "TimelineRow",
    "TriggerSource",
    "convert",
    "plan_schedules",
    "prove",
    "prove_planned",
    "read_django_celery_beat",
    "read_redbeat",
    "read_shelve",
    "timeline",
    "with_stored",
]
