"""Fonts of the PDF of a closed month; LICENSES.txt says whose they are and under which terms."""

from pathlib import Path
from typing import Final

_FOLDER: Final = Path(__file__).parent
# Latin, Greek, Cyrillic, Hebrew, Arabic and more.
REGULAR: Final = _FOLDER / "DejaVuSansCondensed.ttf"
BOLD: Final = _FOLDER / "DejaVuSansCondensed-Bold.ttf"
# Chinese and Japanese, which the others lack.
FALLBACK: Final = _FOLDER / "DroidSansFallbackFull.ttf"
