"""User code that must type-check; what must not is marked with its error."""

from __future__ import annotations

from typing import Any, assert_type

from shim import configure, light_task, runner, start_runner


@light_task
def plain(a: int, b: str = "x") -> float:
    return float(a)


@light_task(name="named", max_retries=3)
def named(a: int) -> str:
    return str(a)


@light_task(name="bound", bind=True)
def bound(self: Any, a: int) -> str:
    return str(a)


plain.delay(1)
plain.delay(1, b="y")
named.delay(a=1)
bound.delay(1)
named.si(1).apply_async(countdown=3)
plain.apply_async((1,), {"b": "y"}, countdown=3, queue="other")
assert_type(plain(1), float)
assert_type(bound(1), str)
assert_type(named.name, str)

plain.delay("1")  # type: ignore[arg-type]
plain.delay()  # type: ignore[call-arg]
plain.delay(1, c=2)  # type: ignore[call-arg]
named.delay("1")  # type: ignore[arg-type]
bound.delay("1")  # type: ignore[arg-type]
bound.delay(None, 1)  # type: ignore[call-arg, arg-type]
named.si("1")  # type: ignore[arg-type]

configure(outbox="memory", routes={"named": 50})
start_runner()
with runner() as running:
    running.stop(grace=1.0)
