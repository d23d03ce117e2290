"""The `dagster.yaml` that a home is given, and whether somebody edited it.

The first line carries a digest of the rest: a file that still matches its own digest was
written by Daybook and may be replaced by a newer template; any other belongs to its editor.
"""

import hashlib
from pathlib import Path
from typing import Literal

_TEMPLATE = Path(__file__).with_name("dagster.yaml")
_MARK = "# written by daybook init, digest "

State = Literal["absent", "current", "outdated", "edited"]


def rendered() -> str:
    """Return what `dagster.yaml` should hold."""
    body = _TEMPLATE.read_text()
    return f"{_MARK}{digest(body)}\n{body}"


def state(path: Path) -> State:
    """Return how the file of a home stands to the template."""
    if not path.exists():
        return "absent"
    text = path.read_text()
    if text == rendered():
        return "current"
    first, _, body = text.partition("\n")
    return "outdated" if first == f"{_MARK}{digest(body)}" else "edited"


def digest(body: str) -> str:
    """Return what the first line says of the rest."""
    return hashlib.sha256(body.encode()).hexdigest()[:16]
