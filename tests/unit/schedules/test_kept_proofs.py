"""A proof is taken up again only for exactly what it was made of."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from migrator.schedules import KeptProofs, convert, kept_proofs

NIGHTLY = {"kind": "crontab", "minute": "30", "hour": "3", "timezone": "Europe/Berlin"}
MONDAY = datetime(2026, 11, 23, tzinfo=UTC)


@pytest.fixture
def made(monkeypatch):
    """The proofs that were really made, as (spec, target)."""
    calls = []
    prove = kept_proofs.prove

    def counting(conversion, **options):
        calls.append((conversion.spec, options["target"]))
        return prove(conversion, **options)

    monkeypatch.setattr(kept_proofs, "prove", counting)
    return calls


def command(folder, spec=NIGHTLY, target="apscheduler", now=MONDAY):
    """What one command does: ask, and keep."""
    proofs = KeptProofs(folder, now)
    held = proofs.prove(convert(spec), target)
    proofs.keep()
    return held


def test_a_proof_is_made_once_for_all_commands_of_a_week(tmp_path, made):
    first = command(tmp_path)
    assert first.compared > 700
    assert not first.why_not
    again = command(tmp_path, dict(reversed(NIGHTLY.items())), now=MONDAY)
    assert command(tmp_path, now=MONDAY + timedelta(days=6, hours=23)) == first == again
    assert len(made) == 1
    command(tmp_path, now=MONDAY + timedelta(days=7))
    assert len(made) == 2


@pytest.mark.parametrize(
    "change",
    [
        {"minute": "31"},
        {"hour": {3, 4}},
        {"timezone": "Europe/London"},
        {"day_of_week": "mon"},
    ],
    ids=str,
)
def test_a_changed_schedule_is_proven_anew(tmp_path, made, change):
    command(tmp_path)
    command(tmp_path, NIGHTLY | change)
    assert len(made) == 2
    assert made[1][0] == NIGHTLY | change


@pytest.mark.parametrize("change", [{"last_run_at": "2026-11-01"}, {"relative": True}])
def test_a_changed_interval_is_proven_anew(tmp_path, made, change):
    hourly = {"kind": "interval", "seconds": 3600}
    command(tmp_path, hourly)
    command(tmp_path, hourly | change)
    assert len(made) == 2


def test_each_target_has_a_proof_of_its_own(tmp_path, made):
    command(tmp_path)
    command(tmp_path, target="kubernetes")
    assert [target for _, target in made] == ["apscheduler", "kubernetes"]


def test_other_code_or_another_tz_database_is_proven_anew(tmp_path, made, monkeypatch):
    command(tmp_path)
    with monkeypatch.context() as patched:
        patched.setattr(kept_proofs, "_code", lambda: "of another Celery")
        command(tmp_path)
    assert len(made) == 2
    with monkeypatch.context() as patched:
        patched.setattr(kept_proofs, "clock_changes", lambda *_: ())
        command(tmp_path)
    assert len(made) == 3


def test_the_code_is_that_which_a_proof_runs():
    files = {path.name for path in kept_proofs._files()}
    assert {"proof.py", "cron_rules.py", "clock.py", "schedules.py"} <= files
    assert {"cron_rules.py", "interval.py", "fields.py"} <= files
    assert all(path.is_file() for path in kept_proofs._files())


def test_a_difference_is_never_kept(tmp_path, made, monkeypatch):
    """Found again by each command, and told in its words."""
    wrong = convert(NIGHTLY | {"minute": "31"}).trigger_source
    conversion = convert(NIGHTLY)
    object.__setattr__(conversion, "trigger_source", wrong)
    for _ in range(2):
        proofs = KeptProofs(tmp_path, MONDAY)
        assert "Celery runs at" in proofs.prove(conversion, "apscheduler").why_not
        proofs.keep()
    assert len(made) == 2
    assert not (tmp_path / kept_proofs.FILE_NAME).exists()


@pytest.mark.parametrize(
    "text", ["", "[" * 20_000, "[1]", '{"a": "1"}', '{"a": true}', '{"a": 0}', "\udcff"]
)
def test_a_damaged_file_is_as_none(tmp_path, made, text):
    file = tmp_path / kept_proofs.FILE_NAME
    command(tmp_path)
    file.write_bytes(text.encode("utf-8", "surrogateescape"))
    assert command(tmp_path).compared > 700
    assert len(made) == 2
    assert len(json.loads(file.read_text())) == 1


def test_a_file_of_somebody_else_is_not_read(tmp_path, made, monkeypatch):
    command(tmp_path)
    uid = os.getuid()
    monkeypatch.setattr(os, "getuid", lambda: uid + 1)
    command(tmp_path)
    assert len(made) == 2


def test_a_folder_that_cannot_be_written_is_no_failure(made):
    assert command(Path("/dev/null/nowhere")).compared > 700


def test_the_oldest_are_forgotten(tmp_path, monkeypatch, made):
    monkeypatch.setattr(kept_proofs, "MOST_KEPT", 1)
    command(tmp_path)
    command(tmp_path, NIGHTLY | {"minute": "31"})
    command(tmp_path, NIGHTLY | {"minute": "31"})
    assert len(made) == 2
    command(tmp_path)
    assert len(made) == 3
