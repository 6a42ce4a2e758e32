"""The patch is one that git takes, and gives exactly the bytes that apply writes."""

from __future__ import annotations

import subprocess

from hypothesis import given, settings
from hypothesis import strategies as st

from migrator.apply import unified_diff
from migrator.model import FileChange

LINES = st.lists(
    st.sampled_from(
        [b"a\n", b"b\n", b"\n", b"c\r\n", b"d\re\n", b"\xff\n", b"x\x0cy\n"]
    )
)
CONTENT = st.builds(
    lambda lines, tail: b"".join(lines) + tail, LINES, st.sampled_from([b"", b"tail"])
)


def git_apply(folder, change):
    target = folder / change.path
    if change.before is not None:
        target.write_bytes(change.before)
    elif target.exists():
        target.unlink()
    subprocess.run(
        ["git", "apply", "--whitespace=nowarn", "-"],
        input=unified_diff([change]),
        cwd=folder,
        check=True,
        capture_output=True,
    )
    return target.read_bytes() if target.exists() else None


@settings(max_examples=60)
@given(before=st.none() | CONTENT, after=st.none() | CONTENT)
def test_git_apply_gives_the_bytes_of_after(tmp_path_factory, before, after):
    """Over line ends, missing last newlines, odd bytes, new and deleted files."""
    change = FileChange("f.txt", before, after)
    if before == after:
        assert unified_diff([change]) == b""
        return
    assert git_apply(tmp_path_factory.mktemp("git"), change) == after


def test_an_unusual_path_is_quoted_as_git_does(tmp_path):
    """Spaces, quotes and letters beyond ASCII survive."""
    name = 'a "b" ü\t.txt'
    assert git_apply(tmp_path, FileChange(name, b"1\n", b"2\n")) == b"2\n"
