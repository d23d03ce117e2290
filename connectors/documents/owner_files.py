"""Small files that an owner brings: statements of banks, unit costs, rates."""

from pathlib import Path
from typing import Final

from connectors.errors import BadInput

LARGEST: Final = 50 << 20


def read_owner_file(path: Path, cure: str) -> bytes:
    """Return a file's bytes; `BadInput` where it cannot be read or is larger than 50 MB.

    `cure` says what to do with a larger one.
    """
    try:
        if path.stat().st_size > LARGEST:
            raise BadInput(f"{path.name} is larger than 50 MB: {cure}")
        return path.read_bytes()
    except OSError as error:
        raise BadInput(f"{path} cannot be read ({error.strerror})") from error
