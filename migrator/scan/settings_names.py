"""Celery's setting names: the lower-case ones, and the older spellings of them."""

from __future__ import annotations

KNOWN_SETTINGS = frozenset(
    ["accept_content", "result_accept_content", "enable_utc", "imports", "include", "timezone", "beat_max_loop_interval", "beat_schedule", "beat_scheduler", "beat_schedule_filename", "beat_sync_every", "beat_cron_starting_deadline", "beat_logfile", "beat_pidfile", "broker_url", "broker_read_url", "broker_write_url", "broker_transport", "broker_transport_options", "broker_connection_timeout", "broker_connection_retry", "broker_connection_retry_on_startup", "broker_connection_max_retries", "broker_channel_error_retry", "broker_failover_strategy", "broker_heartbeat", "broker_heartbeat_checkrate", "broker_login_method", "broker_native_delayed_delivery", "broker_native_delayed_delivery_queue_type", "broker_pool_limit", "broker_use_ssl", "broker_host", "broker_port", "broker_user", "broker_password", "broker_vhost", "cache_backend", "cache_backend_options", "cassandra_table", "cassandra_keyspace", "control_queue_ttl", "control_queue_expires", "control_exchange", "couchbase_backend_settings", "database_url", "database_engine_options", "database_short_lived_sessions", "database_table_schemas", "database_table_names", "database_create_tables_at_setup", "event_queue_expires", "event_queue_ttl", "event_queue_prefix", "event_serializer", "event_exchange", "mongodb_backend_settings", "redis_db", "redis_host", "redis_max_connections", "redis_username", "redis_password", "redis_port", "redis_backend_use_ssl", "redis_socket_timeout", "redis_socket_connect_timeout", "redis_retry_on_timeout", "redis_socket_keepalive", "result_backend", "result_backend_always_retry", "result_backend_max_retries", "result_backend_transport_options", "result_cache_max", "result_compression", "result_exchange", "result_exchange_type", "result_expires", "result_persistent", "result_extended", "result_serializer", "result_chord_join_timeout", "result_chord_retry_interval", "security_certificate", "security_cert_store", "security_key", "security_key_password", "security_digest", "task_acks_late", "task_acks_on_failure_or_timeout", "task_always_eager", "task_annotations", "task_compression", "task_create_missing_queues", "task_default_delivery_mode", "task_default_exchange", "task_default_exchange_type", "task_default_queue", "task_default_queue_type", "task_default_priority", "task_default_rate_limit", "task_default_routing_key", "task_eager_propagates", "task_ignore_result", "task_store_eager_result", "task_protocol", "task_publish_retry", "task_publish_retry_policy", "task_queues", "task_queue_max_priority", "task_reject_on_worker_lost", "task_remote_tracebacks", "task_routes", "task_send_sent_event", "task_serializer", "task_soft_time_limit", "task_time_limit", "task_store_errors_even_if_ignored", "task_track_started", "task_allow_error_cb_on_chord_header", "task_inherit_parent_priority", "task_cls", "worker_agent", "worker_autoscaler", "worker_cancel_long_running_tasks_on_connection_loss", "worker_concurrency", "worker_consumer", "worker_direct", "worker_disable_rate_limits", "worker_enable_remote_control", "worker_enable_soft_shutdown_on_idle", "worker_soft_shutdown_timeout", "worker_hijack_root_logger", "worker_log_color", "worker_log_format", "worker_lost_wait", "worker_max_memory_per_child", "worker_max_tasks_per_child", "worker_pool", "worker_pool_putlocks", "worker_pool_restarts", "worker_proc_alive_timeout", "worker_prefetch_multiplier", "worker_redirect_stdouts", "worker_redirect_stdouts_level", "worker_send_task_events", "worker_state_db", "worker_task_log_format", "worker_timer", "worker_timer_precision", "worker_detect_quorum_queues", "worker_eta_task_limit", "worker_deduplicate_successful_tasks"]
)

# Older names that do not become the new one by the prefixes below.
OLD_NAMES = {
    "celery_always_eager": "task_always_eager",
    "celery_acks_late": "task_acks_late",
    "celery_annotations": "task_annotations",
    "celery_message_compression": "task_compression",
    "celery_create_missing_queues": "task_create_missing_queues",
    "celery_default_delivery_mode": "task_default_delivery_mode",
    "celery_default_exchange": "task_default_exchange",
    "celery_default_exchange_type": "task_default_exchange_type",
    "celery_default_queue": "task_default_queue",
    "celery_default_rate_limit": "task_default_rate_limit",
    "celery_default_routing_key": "task_default_routing_key",
    "celery_eager_propagates_exceptions": "task_eager_propagates",
    "celery_eager_propagates": "task_eager_propagates",
    "celery_ignore_result": "task_ignore_result",
    "celery_task_publish_retry": "task_publish_retry",
    "celery_task_publish_retry_policy": "task_publish_retry_policy",
    "celery_queues": "task_queues",
    "celery_routes": "task_routes",
    "celery_send_task_sent_event": "task_send_sent_event",
    "celery_store_errors_even_if_ignored": "task_store_errors_even_if_ignored",
    "celery_track_started": "task_track_started",
    "celery_send_events": "worker_send_task_events",
    "celery_task_result_expires": "result_expires",
    "celery_message_serializer": "task_serializer",
    "celery_max_cached_results": "result_cache_max",
    "celery_disable_rate_limits": "worker_disable_rate_limits",
    "celery_enable_remote_control": "worker_enable_remote_control",
    "celery_redirect_stdouts": "worker_redirect_stdouts",
    "celery_redirect_stdouts_level": "worker_redirect_stdouts_level",
    "celery_worker_direct": "worker_direct",
    "celery_cache_backend": "cache_backend",
    "celeryd_task_time_limit": "task_time_limit",
    "celeryd_task_soft_time_limit": "task_soft_time_limit",
    "celeryd_time_limit": "task_time_limit",
    "celeryd_soft_time_limit": "task_soft_time_limit",
    "celeryd_force_execv": "worker_force_execv",
    "celeryd_send_events": "worker_send_task_events",
    "broker_backend": "broker_transport",
    "celery_event_queue_ttl": "event_queue_ttl",
    "celery_reject_on_worker_lost": "task_reject_on_worker_lost",
    "celery_timezone": "timezone",
}
OLD_PREFIXES = (
    ("celerybeat_", "beat_"),
    ("celeryd_", "worker_"),
    ("celery_", ""),
)


def normalised(name: str, namespace: str = "celery") -> str:
    """The lower-case setting that a name is a spelling of, or "" where it is none."""
    lower = name.lower()
    if lower in KNOWN_SETTINGS:
        return lower
    if lower in OLD_NAMES:
        return OLD_NAMES[lower]
    prefix = f"{namespace.lower()}_"
    if (
        namespace
        and lower.startswith(prefix)
        and lower[len(prefix) :] in KNOWN_SETTINGS
    ):
        return lower[len(prefix) :]
    for old, new in OLD_PREFIXES:
        if lower.startswith(old) and f"{new}{lower[len(old) :]}" in KNOWN_SETTINGS:
            return f"{new}{lower[len(old) :]}"
    return ""
