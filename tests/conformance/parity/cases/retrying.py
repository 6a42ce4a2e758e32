"""Retries of all kinds."""

from __future__ import annotations

from tests.conformance.parity import tasks

from . import case, ended, noted, reaches


@case
def retry_until_exhausted():
    result = tasks.retries.delay()
    return [ended(result), noted(result.id, 3)]


@case
def retry_keeps_id_headers_and_lineage():
    result = tasks.retries.apply_async(headers={"custom": "kept"})
    return [ended(result)[0], noted(result.id, 3)]


@case
def retry_without_an_error():
    state, (kind, text) = ended(tasks.retries_bare.delay())
    return [state, kind, text.partition("[")[0]]


@case
def retry_exhausted_inside_except():
    return ended(tasks.retries_inside_except.delay())[1][0]


@case
def retry_with_other_arguments():
    return ended(tasks.retries_with_args.delay(1))


@case
def retry_without_throwing():
    result = tasks.retries_softly.delay()
    notes = noted(result.id, 2)
    return [ended(result), notes]


@case
def retry_unencodable():
    return ended(tasks.retries_unencodable.delay(), timeout=2)[0]


@case
def retry_state_is_visible():
    result = tasks.retry_state.delay()
    return [reaches(result, "RETRY"), ended(result)]


@case
def retry_of_max_retries_argument():
    result = tasks.retries.delay(max_retries=1)
    return [ended(result)[0], noted(result.id, 2)]


@case
def retry_automatic():
    result = tasks.auto.delay()
    return [ended(result), noted(result.id, 3)]


@case
def retry_automatic_not_for_other_errors():
    result = tasks.auto.delay(dont=True)
    return [ended(result), noted(result.id, 2, timeout=0.3)]


@case
def retry_with_backoff():
    result = tasks.backoff.delay()
    state = ended(result)
    first, second = noted(result.id, 2)
    return [state, round(second[1] - first[1])]


@case
def retry_keeps_links():
    result = tasks.retries_with_args.apply_async((2,), link=tasks.echo.s())
    state = ended(result)
    return [state, ended(result.children[0])]


@case
def retry_at_an_eta():
    result = tasks.retries_at.delay()
    return [ended(result), len(noted(result.id, 2))]


@case
def retry_with_another_queue_keeps_the_task():
    return ended(tasks.retries_to_queue.delay())


@case
def retry_changes_headers():
    return ended(tasks.retries_with_headers.delay())
