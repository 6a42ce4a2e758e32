"""What people and programs read: terminal text and JSON. The only place with colours.

Text that comes from the project is passed through `printable`: a task's name may not
move the cursor.
"""

from __future__ import annotations
