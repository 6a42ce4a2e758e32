"""Keywords of decorators, calls and entries as Options: source, never evaluated."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from migrator.model import Option
from migrator.scan.literals import is_literal

if TYPE_CHECKING:
    from collections.abc import Iterable

    from migrator.scan.facts import FileFacts

# What Celery's own Task class gives a meaning to; anything else becomes a plain
# attribute of the task, without a word.
TASK_OPTIONS = frozenset(
    {
        "name",
        "base",
        "bind",
        "app",
        "shared",
        "lazy",
        "typing",
        "pydantic",
        "pydantic_strict",
        "pydantic_context",
        "pydantic_dump_kwargs",
        "autoretry_for",
        "dont_autoretry_for",
        "retry_kwargs",
        "retry_backoff",
        "retry_backoff_max",
        "retry_jitter",
        "max_retries",
        "default_retry_delay",
        "rate_limit",
        "ignore_result",
        "store_errors_even_if_ignored",
        "store_eager_result",
        "trail",
        "send_events",
        "serializer",
        "compression",
        "time_limit",
        "soft_time_limit",
        "backend",
        "track_started",
        "acks_late",
        "acks_on_failure_or_timeout",
        "reject_on_worker_lost",
        "throws",
        "expires",
        "priority",
        "resultrepr_maxsize",
        "request_stack",
        "abstract",
        "queue",
        "exchange",
        "routing_key",
        "exchange_type",
        "delivery_mode",
        "mandatory",
        "immediate",
        "on_success",
        "on_failure",
        "on_retry",
        "on_replace",
        "before_start",
        "after_return",
        "run",
        "strategy",
        "Strategy",
        "Request",
        "run_every",
        "relative",
        "options",
        "filter",
        "accept_magic_kwargs",
        "from_config",
    }
)


def text_of(facts: FileFacts, node: ast.expr) -> str:
    """The source of a node as written, where it was kept, else as Python writes it."""
    return facts.texts.get(_place(node)) or ast.unparse(node)


def keep_text(facts: FileFacts, node: ast.expr, text: str) -> None:
    facts.texts[_place(node)] = text


def _place(node: ast.expr) -> tuple[int, int, int, int]:
    return (
        getattr(node, "lineno", 0),
        getattr(node, "col_offset", 0),
        getattr(node, "end_lineno", None) or 0,
        getattr(node, "end_col_offset", None) or 0,
    )


def keyword_value(call: ast.Call, name: str) -> ast.expr | None:
    """What the call gives under a keyword; None where it gives nothing."""
    return next((word.value for word in call.keywords if word.arg == name), None)


def option_of(facts: FileFacts, name: str, node: ast.expr) -> Option:
    value, known = is_literal(node)
    return Option(name, text_of(facts, node), value, known)


def options_of(
    facts: FileFacts, keywords: Iterable[ast.keyword]
) -> tuple[tuple[Option, ...], bool]:
    """The options in order, and whether there is a `**spread` among them."""
    options: list[Option] = []
    spread = False
    for keyword in keywords:
        if keyword.arg is None:
            spread = True
        else:
            options.append(option_of(facts, keyword.arg, keyword.value))
    return tuple(options), spread
