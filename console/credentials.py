"""Credentials passed to a command: one JSON object, in a file or on standard input.

They never stand on a command line, where other users of the machine could read them.
"""

import json
import sys
from pathlib import Path

from connectors.errors import BadInput


def read_credentials(source: str) -> dict[str, str]:
    """Return the fields in a file, or on standard input for `-`; every value is text."""
    where = "standard input" if source == "-" else source
    try:
        text = sys.stdin.read() if source == "-" else Path(source).read_text(encoding="utf-8")
    except OSError as error:
        raise BadInput(f"{where} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise BadInput(f"{where} is not UTF-8 text: save it as JSON") from error
    try:
        document = json.loads(text)
    except ValueError as error:
        raise BadInput(f"{where} is not JSON ({error})") from error
    if not isinstance(document, dict):
        raise BadInput(f'{where} must be one JSON object, such as {{"client_id": "..."}}')
    odd = [name for name, value in document.items() if not isinstance(value, str)]
    if odd:
        raise BadInput(f"{where}: {', '.join(odd)} must be text in quotes")
    return document
