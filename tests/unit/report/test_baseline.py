"""The baseline: what is on Celery may stay and may go; nothing may be added."""

from __future__ import annotations

import pytest

from migrator.errors import UsageError
from migrator.model import DefinitionKind
from migrator.report.baseline import (
    baseline_document,
    compare,
    items_on_celery,
    read_baseline,
)
from tests.unit.report.surveys import entry, hostile_survey, judged, spot, survey


def kept(found):
    document = baseline_document(items_on_celery(found))
    return read_baseline(document.encode(), "celery.json")


def folder(tmp_path, name):
    place = tmp_path / name
    place.mkdir()
    return place


def test_nothing_is_new_against_the_own_baseline(tmp_path):
    for found in (
        survey(folder(tmp_path, "plain"), judged(), blind_spots=(spot(), spot())),
        hostile_survey(folder(tmp_path, "hostile")),
    ):
        comparison = compare(items_on_celery(found), kept(found))
        assert not comparison.new
        assert not comparison.gone


def test_moved_lines_are_not_new_and_another_file_is(tmp_path):
    known = kept(survey(folder(tmp_path, "one"), judged(line=5)))
    moved = survey(folder(tmp_path, "two"), judged(line=90))
    assert not compare(items_on_celery(moved), known).new
    elsewhere = survey(folder(tmp_path, "three"), judged(path="app/other.py"))
    comparison = compare(items_on_celery(elsewhere), known)
    assert [str(item.location) for item in comparison.new] == ["app/other.py:5"]
    assert comparison.gone == (("app/tasks.py", "task app.tasks.clean"),)


def test_one_more_of_a_kind_is_new_and_it_is_the_last(tmp_path):
    known = kept(survey(folder(tmp_path, "one"), blind_spots=(spot(line=4),)))
    spots = (spot(line=4), spot(line=40))
    found = survey(folder(tmp_path, "two"), blind_spots=spots)
    new = compare(items_on_celery(found), known).new
    assert [item.location.line for item in new] == [40]


def test_tasks_that_have_moved_and_tests_are_not_counted(tmp_path):
    found = survey(
        tmp_path,
        judged("app.moved", kind=DefinitionKind.LIGHT),
        judged("tests.t", in_tests=True),
        blind_spots=(spot(path="tests/test_a.py"),),
    )
    assert items_on_celery(found) == ()


def test_a_schedule_is_counted_too(tmp_path):
    found = survey(tmp_path, judged(), schedules=(entry("app.tasks.clean"),))
    assert [item.key for item in items_on_celery(found)] == [
        "schedule nightly",
        "task app.tasks.clean",
    ]


def test_without_a_baseline_everything_is_new(tmp_path):
    comparison = compare(items_on_celery(survey(tmp_path, judged())), None)
    assert len(comparison.new) == 1
    assert not comparison.has_baseline


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b"\xff",
        b"[]",
        b'{"kind": "scan"}',
        b'{"kind": "baseline", "schema": 2, "files": {}}',
        b'{"kind": "baseline", "schema": 1}',
        b'{"kind": "baseline", "schema": 1, "files": {"a.py": []}}',
        b'{"kind": "baseline", "schema": 1, "files": {"a.py": {"task a": 0}}}',
        b'{"kind": "baseline", "schema": 1, "files": {"a.py": {"task a": true}}}',
    ],
)
def test_what_is_no_baseline_is_refused_by_name(data):
    with pytest.raises(UsageError, match=r"celery\.json: the baseline"):
        read_baseline(data, "celery.json")
