"""Findings of connections: what an owner should know, each a sentence with what to do."""

from collections.abc import Sequence
from typing import Final

from connectors.database.registry.connections import unknown_connection
from connectors.database.registry.models import ConnectionRow
from connectors.database.registry.repository import Repository
from connectors.home.redaction import redacted

# How findings begin, by who looks after them. Those about settlements that are missing have none.
NOT_BOOKED: Final = "not booked: "
PROVISIONAL: Final = "provisional figures: "
NOTIFICATIONS: Final = "notifications: "
MAPPING: Final = "accounts: "
CHANGED_THERE: Final = "changed in the accounts: "
ATTACHMENTS: Final = "documents: "
LISTINGS: Final = "products: "
PRIVACY: Final = "personal data: "
MISSING: Final = ""
_NAMED: Final = (
    *(NOT_BOOKED, PROVISIONAL, NOTIFICATIONS, MAPPING, CHANGED_THERE, ATTACHMENTS, LISTINGS),
    PRIVACY,
)
_ORDER: Final = (MISSING, *_NAMED)


class Findings(Repository):
    """The findings of each connection, on its card."""

    def set(self, slug: str, subject: str, findings: Sequence[str]) -> None:
        """Replace a connection's findings on one subject; those on the others stay."""
        with self._transaction() as session:
            # All subjects are in one column: two writers would each restore what the other removed.
            row = session.get(ConnectionRow, slug, with_for_update=True)
            if row is None:
                raise unknown_connection(session, slug)
            others = [f for f in row.findings if _subject(f) != subject]
            latest = [subject + redacted(finding) for finding in findings]
            changed = sorted([*others, *latest], key=lambda f: _ORDER.index(_subject(f)))
            if row.findings != changed:
                row.findings = changed


def _subject(finding: str) -> str:
    return next((subject for subject in _NAMED if finding.startswith(subject)), MISSING)
