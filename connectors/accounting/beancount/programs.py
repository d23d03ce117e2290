"""Paths of the programs `bean-check` and `fava`; they are run, never imported."""

import shutil
import sys
from pathlib import Path

NOT_INSTALLED = "{} is not installed: pip install 'daybook[books]'"


def find(name: str) -> str | None:
    """Return the program of this environment, else one on the PATH, else None."""
    beside = shutil.which(name, path=str(Path(sys.executable).parent))
    return beside or shutil.which(name)
