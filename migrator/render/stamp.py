"""A generated file tells whether the team has changed it since.

Its last line carries a digest of the lines above. A file whose digest still fits can be
generated again; any other is the team's own, and is left alone.
"""

from __future__ import annotations

import hashlib

MARK = b"# migrate: stamp "
# Kinds of file in which a `#` line is a comment.
STAMPED = (".py", ".yaml", ".yml", ".toml", ".sh", ".txt", ".tpl")


def stamped(path: str, content: bytes) -> bytes:
    """The content with its stamp; without one where the format has no comments."""
    if not path.endswith(STAMPED):
        return content
    return content + MARK + _digest(content) + b"\n"


def is_untouched(content: bytes) -> bool:
    """Whether the content is exactly as it was generated."""
    body, mark, digest = content.rpartition(MARK)
    return bool(mark) and digest == _digest(body) + b"\n"


def _digest(content: bytes) -> bytes:
    return hashlib.blake2b(content, digest_size=8).hexdigest().encode()
