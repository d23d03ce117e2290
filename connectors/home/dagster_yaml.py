"""The `dagster.yaml` of a home, and whether it was edited.

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
    """Return how a home's file compares with the template."""
    if not path.exists():
        return "absent"
    text = path.read_text()
    if text == rendered():
        return "current"
    first, _, body = text.partition("\n")
    # A changed template with a matching digest is an older release's, and safe to replace.
    return "outdated" if first == f"{_MARK}{digest(body)}" else "edited"


def digest(body: str) -> str:
    """Return the digest that the first line holds of the rest."""
    return hashlib.sha256(body.encode()).hexdigest()[:16]
