"""Attachments of a Xero organisation's manual journals.

Fields: Xero's OpenAPI document (accounting, 16.1.0). Ten files a journal, each under 10 MB.
UNCONFIRMED: that a second file of one name stands beside the first.
"""

import uuid
from dataclasses import dataclass, field
from typing import Any

MOST, TOO_LARGE = 10, 10_000_000


@dataclass
class JournalFiles:
    """The files of each journal, in the order they came: name, kind and bytes."""

    by_journal: dict[str, list[tuple[str, str, bytes]]] = field(default_factory=dict)

    def add(self, journal: str, name: str, kind: str, content: bytes) -> str | None:
        """Attach a file; return why it is refused, None where it is not."""
        files = self.by_journal.setdefault(journal, [])
        if len(content) >= TOO_LARGE:
            return "The file is too large to be attached."
        if len(files) >= MOST:
            return "A maximum of 10 attachments is allowed."
        files.append((name, kind, content))
        return None

    def listed(self, journal: str, resource: str = "ManualJournals") -> list[dict[str, Any]]:
        """Return a journal's files as `/Attachments` lists them."""
        address = f"https://api.xero.com/api.xro/2.0/{resource}/{journal}/Attachments"
        return [
            {
                "AttachmentID": str(uuid.uuid5(uuid.NAMESPACE_URL, f"{journal}/{number}")),
                "FileName": name,
                "Url": f"{address}/{name}",
                "MimeType": kind,
                "ContentLength": len(content),
            }
            for number, (name, kind, content) in enumerate(self.by_journal.get(journal, []))
        ]
