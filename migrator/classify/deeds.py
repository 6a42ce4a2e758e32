"""What kind of thing a call does, from its name and what else is within reach."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from migrator.classify import vocabulary as words
from migrator.classify.bounds import Bound, bound_of
from migrator.classify.reach import resolve
from migrator.classify.vocabulary import matches, method, receiver

if TYPE_CHECKING:
    from collections.abc import Iterator

    from migrator.classify.context import TaskContext
    from migrator.classify.project import Project
    from migrator.model import Call, FunctionFacts, Location

LONG_WAIT = 30.0  # seconds; what a thread may wait without being missed
TIMEOUT = re.compile(r"\btimeout=((?:[\w.]*Timeout)?\(?[\d.,\s]*)")
NUMBER = re.compile(r"\d+(?:\.\d+)?")


def makes_http_client(call: Call) -> bool:
    return call.target in words.HTTP_CLIENTS


def is_network(call: Call, *, has_client: bool) -> bool:
    """A request over the network; `has_client`: an HTTP client is made within reach."""
    first = call.target.partition(".")[0]
    name = method(call.target)
    if call.target in words.NETWORK_CALLS:
        return True
    if first in words.HTTP_MODULES:
        return name in words.HTTP_VERBS
    return (
        has_client
        and name in words.HTTP_VERBS
        and receiver(call.target).lower().lstrip("_") in words.CLIENT_NAMES
    )


def network_calls(context: TaskContext) -> Iterator[tuple[Call, int, bool]]:
    """Each request with the loops around it, and whether a timeout bounds it."""
    clients = [call for call, _ in context.calls if makes_http_client(call)]
    patient = any("timeout" in c.keywords and not waits_long(c) for c in clients)
    for call, depth in context.calls:
        if is_network(call, has_client=bool(clients)):
            first = call.target.partition(".")[0]
            own = "timeout" in call.keywords and not waits_long(call)
            yield call, depth, own or (patient and first != "requests")


def waits_long(call: Call) -> bool:
    """The call's timeout is a number above LONG_WAIT; one from elsewhere is trusted."""
    found = TIMEOUT.search(call.source)
    numbers = NUMBER.findall(found[1]) if found else []
    return any(float(number) > LONG_WAIT for number in numbers)


def is_mail(call: Call) -> bool:
    name = method(call.target)
    if matches(call.target, words.MAIL) or name in words.MAIL_METHODS:
        return True
    return name == "send" and receiver(call.target).lower() in words.MAIL_RECEIVERS


def is_cache_write(call: Call) -> bool:
    if method(call.target) not in words.CACHE_WRITES:
        return False
    return (
        matches(call.target, words.CACHES)
        or receiver(call.target).lower() in words.CACHE_RECEIVERS
    )


def is_delete(call: Call) -> bool:
    if call.target in words.DELETE_CALLS:
        return True
    return method(call.target) in words.DELETES and is_query(call)


def is_query(call: Call) -> bool:
    """`Model.objects.filter(...).x`: on the rows of a query, and not on one object."""
    parts = set(call.target.split(".")[:-1])
    return bool(parts & words.QUERY_PARTS) or call.target.startswith("sqlalchemy.")


def is_external_write(call: Call, *, has_client: bool) -> bool:
    name = method(call.target)
    if is_network(call, has_client=has_client):
        return name in words.EXTERNAL_WRITES
    return is_mail(call) or matches(call.target, words.CHARGES)


def has_http_client(context: TaskContext) -> bool:
    return any(makes_http_client(call) for call, _ in context.calls)


def is_class_name(target: str) -> bool:
    """`app.models.Message(...)` makes an object; its cost is taken to be small."""
    name = method(target).lstrip("_")
    return name[:1].isupper() and not name.isupper()


def unknown_costs(context: TaskContext) -> Iterator[tuple[str, Location]]:
    """Every place within reach whose cost cannot be told from the source, and why."""
    if context.task.body is None:
        yield "its body was not found", context.place
    has_client = has_http_client(context)
    for reached in context.reach.functions:
        for call in reached.facts.calls:
            if is_network(call, has_client=has_client):
                continue  # judged by its timeout
            reason = cost_unknown(call, reached.facts, context.project)
            if reason:
                yield reason, call.location
    for call in context.reach.cut_off:
        yield f"`{call.target}` lies too deep to be followed", call.location


def cost_unknown(call: Call, caller: FunctionFacts, project: Project) -> str:
    """Why nobody can tell from the source what the call costs, or an empty text."""
    text = call.source or call.target
    reason = _open_ended(call)
    if reason:
        return f"`{text}` {reason}"
    if resolve(call.target, caller, project.functions) is not None:
        return ""
    if _deletes_an_object(call, caller):
        return f"`{text}` deletes an object and all that hangs on it"
    return "" if _is_well_known(call) else _unfollowed(call, project)


def _open_ended(call: Call) -> str:
    """What the call does, where that can be anything."""
    if call.target in words.DYNAMIC:
        return "runs what is only known at run time"
    if call.target in words.COMMANDS:
        return "runs a management command"
    if matches(call.target, words.CONCURRENCY):
        return "starts work beside its own"
    if runs_raw_sql(call):
        return "runs SQL whose cost only the database knows"
    return ""


def _deletes_an_object(call: Call, caller: FunctionFacts) -> bool:
    """`project.delete()`: not rows of a query, a file of a storage, or a cache key."""
    owner, _, name = call.target.rpartition(".")
    if name != "delete" or not owner or call.target in words.DELETE_CALLS:
        return False
    if is_query(call) or bound_of(owner, caller, set()) is Bound.QUERY:
        return False
    near = receiver(call.target).lower()
    return not any(word in near for word in words.SMALL_DELETES)


def runs_raw_sql(call: Call) -> bool:
    """`cursor.execute(...)`, `text(...)`, unless they only ask for a sign of life."""
    is_raw = call.target in words.RAW_SQL or (
        method(call.target) in {"execute", "executemany", "raw"}
        and (receiver(call.target) in {"cursor", "cur", "objects"})
    )
    return is_raw and not any(word in call.source.lower() for word in words.CHEAP_SQL)


def is_costly(call: Call) -> bool:
    """Sleeps, computes, or leaves for another process."""
    tables = (words.SLEEPS, words.CPU_LIBRARIES, words.HEAVY_LIBRARIES, words.PROCESSES)
    return method(call.target) in words.CPU_METHODS or any(
        matches(call.target, table) for table in tables
    )


def touches_store(call: Call, *, has_client: bool) -> bool:
    """A round trip to a database, a mail server or a web service."""
    return (
        method(call.target) in words.ROUND_TRIPS
        or is_query(call)
        or is_database(call)
        or is_mail(call)
        or is_network(call, has_client=has_client)
    )


def is_database(call: Call) -> bool:
    """A method of a database session or connection, by the receiver's name."""
    near = receiver(call.target).lower()
    return method(call.target) in words.DATABASE_METHODS and any(
        word in near for word in words.DATABASE_RECEIVERS
    )


def _unfollowed(call: Call, project: Project) -> str:
    target = call.target
    first = target.partition(".")[0]
    is_harmless = (
        "session" in first.lower()  # a session maker: `SessionLocal()`
        if not call.resolved
        else matches(target, words.HARMLESS_LIBRARIES)
        or first in words.STANDARD_LIBRARY
        or (first in project.packages and is_class_name(target))
    )
    if is_harmless:
        return ""
    if first in {"self", "cls", "super"} or first in project.packages:
        return f"`{target}` is of this project and could not be followed"
    if not call.resolved:
        return f"`{target}` could not be traced to a definition"
    return f"`{target}` belongs to a library whose cost is not known here"


def _is_well_known(call: Call) -> bool:
    name = method(call.target)
    near = receiver(call.target).lower().lstrip("_")
    if near in words.CLIENT_NAMES - {"session"} and name in words.HTTP_VERBS:
        return False  # unless a client is made within reach: see unknown_costs
    return (
        name in words.HARMLESS_METHODS
        or name in words.DISPATCH
        or name.startswith(words.HARMLESS_PREFIXES)
        or near in words.HARMLESS_RECEIVERS
        or is_database(call)
        or _is_judged_elsewhere(call)
    )


def _is_judged_elsewhere(call: Call) -> bool:
    """Other rules weigh these; they are not unknown."""
    tables = (
        words.HEAVY_LIBRARIES,
        words.CPU_LIBRARIES,
        words.PROCESSES,
        words.SLEEPS,
        words.LOCAL_DISK,
        words.CACHES,
        words.HTTP_CLIENTS,
    )
    return (
        any(matches(call.target, table) for table in tables)
        or is_network(call, has_client=False)
        or is_mail(call)
        or is_cache_write(call)
        or method(call.target) in words.FILE_READS | words.LOCAL_DISK_METHODS
    )
