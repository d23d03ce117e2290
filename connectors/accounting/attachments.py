"""Files attached to entries: what an accounting program shows beside what Daybook posted."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

from connectors.errors import Permanent

# Xero takes less than 10 MB; others cite more, and nothing larger is anything to be read.
LARGEST: Final = 10_000_000 - 1
# Files of one entry, in Xero.
MOST: Final = 10


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file; its name begins with what tells it from every other one, and holds no `/`."""

    name: str
    content: bytes
    kind: str


def unattached(files: Sequence[Attachment], attached: Collection[str]) -> list[Attachment]:
    """Return the files that an entry does not have yet, by their names.

    Raises `Permanent` before anything is sent, for a file that is too large or one too many.
    """
    missing = [file for file in files if file.name not in attached]
    large = next((file for file in missing if len(file.content) > LARGEST), None)
    if large is not None:
        raise Permanent(f"{large.name} has {len(large.content):,} bytes, and 10 MB is too large")
    if len(missing) + len(attached) > MOST:
        raise Permanent(
            f"an entry takes {MOST} files: {len(attached)} are attached, and {len(missing)} are to "
            "come; delete some there"
        )
    return missing
