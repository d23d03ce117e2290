"""Files on their way into the lake: as they arrive, and as text that DuckDB can read."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class SourceFile:
    """One file as it arrives: alone, out of an archive, or made of a platform's responses.

    `tag` is what the platform's list calls it, where the file itself does not say so.
    """

    name: str
    content: bytes
    tag: str | None = None


@dataclass(frozen=True, slots=True)
class DecodedFile:
    """One source file on its way to a manifest: `text` is a UTF-8 copy of it on disk.

    `document` is the SHA-256 of its bytes, `head` its first lines, by which a format is identified.
    """

    name: str
    document: str
    encoding: str
    head: str
    text: Path
    connection: str
    time_zone: str

    @property
    def header(self) -> str:
        """Return the first line."""
        return self.head.partition("\n")[0]
