"""Celery's own names, as far as the scan has to know them."""

from __future__ import annotations

import re

# Methods that put a message on the broker.
DISPATCH = frozenset(
    {"delay", "apply_async", "delay_on_commit", "apply_async_on_commit"}
)
SIGNATURE_METHODS = frozenset({"s", "si", "signature", "subtask"})
SPREAD_METHODS = frozenset({"map", "starmap", "chunks"})
CANVAS = frozenset({"chain", "group", "chord", "xmap", "xstarmap", "chunks"})
LINKS = frozenset({"link", "link_error", "on_error", "errback"})
# Arguments and methods that take the signature to run afterwards.
LINK_CONTEXTS = frozenset({"link", "link_error", "on_error", "errback"})
RESULT_METHODS = frozenset(
    {
        "get",
        "wait",
        "join",
        "join_native",
        "ready",
        "successful",
        "failed",
        "forget",
        "collect",
        "get_leaf",
        "revoke",
    }
)
CONTROL_METHODS = frozenset(
    {
        "revoke",
        "revoke_by_stamped_headers",
        "terminate",
        "inspect",
        "ping",
        "purge",
        "discard_all",
        "broadcast",
        "rate_limit",
        "time_limit",
        "add_consumer",
        "cancel_consumer",
        "pool_grow",
        "pool_shrink",
        "pool_restart",
        "autoscale",
        "shutdown",
        "election",
        "enable_events",
        "disable_events",
    }
)
TASK_METHODS = frozenset({*DISPATCH, *SIGNATURE_METHODS, *SPREAD_METHODS, "apply"})
# Attributes of a task that name the same work; `task.run(...)` is a direct call.
BODY_ATTRIBUTES = frozenset({"run", "__call__", "__wrapped__", "_orig_run", "__func__"})

# Calls whose arguments the linking phase looks into.
KEPT_CALLS = frozenset(
    {
        *TASK_METHODS,
        *LINKS,
        "retry",
        "replace",
        "send_task",
        "AsyncResult",
        "GroupResult",
        "Signature",
        "add_periodic_task",
        "register_task",
        "task",
        "shared_task",
        "periodic_task",
        "config_from_object",
        "autodiscover_tasks",
        "setup_periodic_tasks",
        "Celery",
        "FastAPI",
        "Flask",
        "APIRouter",
        "Blueprint",
        "Quart",
        "Starlette",
        "partial",
        "crontab",
        "timedelta",
        "schedule",
        "solar",
        "patch",
        "setattr",
        "connect",
        "create",
        "get_or_create",
        "update_or_create",
        "_replace",
    }
)

TASK_DECORATORS = frozenset(
    {
        "celery.shared_task",
        "celery.app.shared_task",
        "celery.task",
        "celery.task.task",
        "celery.task.base.task",
        "celery.decorators.task",
        "celery.current_app.task",
        "celery._state.current_app.task",
        "celery.task.periodic_task",
        "celery.decorators.periodic_task",
        "celery.task.base.periodic_task",
    }
)
APP_CLASSES = frozenset(
    {"celery.Celery", "celery.app.Celery", "celery.app.base.Celery"}
)
CURRENT_APPS = frozenset(
    {
        "celery.current_app",
        "celery._state.current_app",
        "celery.app.current_app",
        "celery.app.default_app",
    }
)
TASK_CLASSES = frozenset(
    {
        "celery.Task",
        "celery.app.task.Task",
        "celery.task.Task",
        "celery.task.base.Task",
        "celery.app.task.BaseTask",
        "celery.contrib.abortable.AbortableTask",
        "celery.contrib.django.task.DjangoTask",
        "celery.task.PeriodicTask",
    }
)
CRONTABS = frozenset({"celery.schedules.crontab", "celery.task.schedules.crontab"})
SCHEDULES = frozenset({"celery.schedules.schedule"})
SOLARS = frozenset({"celery.schedules.solar"})

SIGNALS = frozenset(
    {
        "before_task_publish",
        "after_task_publish",
        "task_prerun",
        "task_postrun",
        "task_received",
        "task_success",
        "task_failure",
        "task_retry",
        "task_revoked",
        "task_internal_error",
        "task_unknown",
        "task_rejected",
        "task_sent",
        "celeryd_init",
        "celeryd_after_setup",
        "worker_init",
        "worker_before_create_process",
        "worker_process_init",
        "worker_process_shutdown",
        "worker_ready",
        "worker_shutdown",
        "worker_shutting_down",
        "heartbeat_sent",
        "beat_init",
        "beat_embedded_init",
        "setup_logging",
        "after_setup_logger",
        "after_setup_task_logger",
        "import_modules",
        "eventlet_pool_started",
        "user_preload_options",
    }
)
APP_SIGNALS = frozenset(
    {"on_configure", "on_after_configure", "on_after_finalize", "on_after_fork"}
)

# beat_schedule, CELERY_BEAT_SCHEDULE, CELERYBEAT_SCHEDULE, any namespace.
BEAT_NAME = re.compile(r"(?:^|_|celery)beat_?schedules?$", re.IGNORECASE)
DOTTED_NAME = re.compile(r"[A-Za-z_]\w{0,60}(?:\.[A-Za-z_]\w{0,80}){1,12}")
# What can only be Celery's, whoever the receiver is.
SOUNDS_LIKE_CELERY = re.compile(r"(?:^|[._])celery|celery(?:$|[._])", re.IGNORECASE)

# Marks a decision of a person: `# migrate: heavy uses the model`.
MARKER = re.compile(r"#\s*migrate:\s*(light|heavy|ignore)\b[ \t:,-]*(.*)$")
