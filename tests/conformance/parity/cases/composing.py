"""Chains, groups and chords, of light tasks alone and with heavy ones."""

from __future__ import annotations

from celery import chain, chord, group

from tests.conformance.parity import tasks
from tests.conformance.parity.side import app

from . import case, ended, error_of, noted, reaches, value_of


@case
def chain_of_light():
    result = chain(tasks.add.s(1, 1), tasks.add.s(2), tasks.add.s(3)).apply_async()
    return [value_of(result), result.parent.get(), result.parent.parent.get()]


@case
def chain_by_pipe_with_immutable():
    return value_of((tasks.add.s(1, 1) | tasks.add.si(5, 5)).apply_async())


@case
def chain_stops_at_a_failure():
    result = (tasks.fail.s() | tasks.add.s(1)).apply_async()
    return [ended(result.parent)[0], ended(result, timeout=0.5)]


@case
def chain_link_error():
    result = chain(tasks.fail.s(), tasks.add.s(1)).apply_async(
        link_error=tasks.failed_note.s()
    )
    return noted(result.parent.id, 1)


@case
def chain_light_heavy_light():
    result = (tasks.add.s(1, 1) | tasks.heavy_double.s() | tasks.add.s(1)).apply_async()
    return value_of(result)


@case
def chain_heavy_light():
    return value_of((tasks.heavy_double.s(4) | tasks.add.s(1)).apply_async())


@case
def heavy_calls_light():
    from celery.result import AsyncResult

    _, inner = ended(tasks.heavy_calls_light.delay())
    return ended(AsyncResult(inner, app=app))


@case
def group_of_light():
    result = group(tasks.add.s(n, n) for n in range(4)).apply_async()
    return [value_of(result), result.completed_count()]


@case
def group_with_a_failure():
    result = group(tasks.add.s(1, 1), tasks.fail.s()).apply_async()
    return error_of(lambda: value_of(result))


@case
def group_mixed():
    result = group(tasks.add.s(1, 1), tasks.heavy_double.s(4)).apply_async()
    return value_of(result)


@case
def group_saved_and_restored():
    from celery.result import GroupResult

    result = group(tasks.add.s(n, n) for n in range(2)).apply_async()
    result.save()
    restored = GroupResult.restore(result.id, app=app)
    return [ended(child) for child in restored.children]


@case
def chord_of_light():
    return value_of(chord(tasks.add.s(n, n) for n in range(4))(tasks.total.s()))


@case
def chord_with_heavy_header():
    header = [tasks.add.s(1, 1), tasks.heavy_double.s(3)]
    return value_of(chord(header)(tasks.total.s()))


@case
def chord_with_heavy_body():
    header = (tasks.add.s(n, n) for n in range(2))
    return value_of(chord(header)(tasks.total.s() | tasks.heavy_double.s()))


@case
def chord_with_a_failure():
    result = chord([tasks.add.s(1, 1), tasks.fail.s()])(tasks.total.s())
    return ended(result)[1][0]


@case
def group_in_a_chain():
    work = tasks.add.s(1, 1) | group(tasks.add.s(1), tasks.add.s(2)) | tasks.total.s()
    return value_of(work.apply_async())


@case
def replaced():
    return ended(tasks.replaces.delay())


@case
def lineage():
    result = (tasks.inspect.si() | tasks.inspect.si()).apply_async()
    second, first = ended(result)[1], ended(result.parent)[1]
    return [
        first["root_id"] == first["id"],
        second["root_id"] == first["id"],
        second["parent_id"] == first["id"],
        first["parent_id"],
    ]


@case
def group_members_know_their_group():
    result = group(tasks.inspect.s(), tasks.inspect.s()).apply_async()
    found = [ended(child)[1] for child in result.children]
    return [[f["group"] == result.id, f["group_index"]] for f in found]


@case
def chunks():
    result = tasks.add.chunks([(1, 1), (2, 2), (3, 3)], 2).apply_async()
    return value_of(result)


@case
def map_and_starmap():
    return [
        ended(tasks.total.map([[1, 2], [3]]).apply_async()),
        ended(tasks.add.starmap([(1, 2), (3, 4)]).apply_async()),
    ]


@case
def chain_revoked_before_its_end_is_sent():
    """The result of a chain is its last call, which nobody has published yet."""
    result = (tasks.add.s(1, 1).set(countdown=1) | tasks.notes_run.si()).apply_async()
    result.revoke()
    ended(result.parent)
    return [reaches(result, "REVOKED"), ["ran"] in noted(result.id, 2, timeout=0.5)]


@case
def chord_whose_light_header_fails():
    result = chord([tasks.add.s(1, 1), tasks.fail.s()])(
        tasks.total.s().on_error(tasks.failed_note.s())
    )
    return [ended(result)[1][0], noted(result.id, 1)]


@case
def chord_added_to():
    result = chord([tasks.adds_to_chord.s(), tasks.add.s(1, 1)])(tasks.total.s())
    return ended(result)


@case
def chord_in_a_chord():
    inner = chord([tasks.add.s(1, 1), tasks.add.s(2, 2)], tasks.total.s())
    return ended(chord([inner, tasks.add.s(3, 3)])(tasks.total.s()))


@case
def group_without_results():
    result = group(tasks.ignoring.s(), tasks.ignoring.s()).apply_async()
    return [error_of(lambda: result.get(timeout=1)), result.successful()]


@case
def group_of_no_calls():
    return value_of(chord([])(tasks.total.s()))


@case
def group_revoked():
    result = group(tasks.notes_run.s().set(countdown=1) for _ in range(2)).apply_async()
    result.revoke()
    return [reaches(child, "REVOKED") for child in result.children]


@case
def replaced_by_a_group():
    return ended(tasks.replaces_by_group.delay())


@case
def replaced_in_a_chain_keeps_its_end():
    return value_of((tasks.replaces.s() | tasks.add.s(1)).apply_async())


@case
def link_error_of_a_heavy_task():
    result = tasks.fail.apply_async(link_error=tasks.heavy_note.s())
    return noted(result.id, 1)


@case
def link_of_a_heavy_task_that_fails():
    result = tasks.heavy_fails.apply_async(link_error=tasks.failed_note.s())
    return noted(result.id, 1)


@case
def link_to_a_failing_light_callback():
    link = tasks.fail.si().on_error(tasks.failed_note.s())
    result = tasks.add.apply_async((1, 1), link=link)
    return [ended(result), noted(result.children[0].id, 1)]
