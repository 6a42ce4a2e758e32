"""Moves the fragments into CHANGELOG.md.

    python changelog.d/assemble.py VERSION DATE

A fragment is `<what>.<kind>.md` and holds one sentence or two. The kinds stand below,
in the order of their headings; the files are removed once they are in.
"""

from __future__ import annotations

import sys
from pathlib import Path

KINDS = {
    "breaking": "Breaking",
    "feature": "Added",
    "bugfix": "Fixed",
    "doc": "Documentation",
}
MARK = "<!-- releases, the newest first -->\n"


def fragments(folder: Path) -> dict[str, list[Path]]:
    """The fragments of each kind, by name; ValueError for one of no kind."""
    found: dict[str, list[Path]] = {kind: [] for kind in KINDS}
    for path in sorted(folder.glob("*.md")):
        kind = path.name.split(".")[-2]
        if kind not in found:
            raise ValueError(f"{path.name} is of none of the kinds {', '.join(KINDS)}")
        found[kind].append(path)
    return found


def section(version: str, date: str, found: dict[str, list[Path]]) -> str:
    """The text of one release."""
    parts = [f"## {version} ({date})\n"]
    for kind, paths in found.items():
        if paths:
            lines = [f"- {path.read_text(encoding='utf-8').strip()}" for path in paths]
            parts.append("\n".join([f"### {KINDS[kind]}\n", *lines]) + "\n")
    return "\n".join(parts)


def assemble(root: Path, version: str, date: str) -> str:
    """The new text of CHANGELOG.md; the fragments are gone. Returns the section."""
    found = fragments(root / "changelog.d")
    page = root / "CHANGELOG.md"
    head, mark, rest = page.read_text(encoding="utf-8").partition(MARK)
    if not mark:
        raise ValueError(f"{page.name} lacks the line {MARK.strip()}")
    made = section(version, date, found)
    page.write_text(f"{head}{mark}\n{made}{rest}", encoding="utf-8")
    for paths in found.values():
        for path in paths:
            path.unlink()
    return made


if __name__ == "__main__":
    sys.stdout.write(assemble(Path(__file__).parents[1], sys.argv[1], sys.argv[2]))
