"""What a connection lacks that its owner should know of, each in words and with what to do."""

from collections.abc import Callable, Sequence

from connectors.database.registry.connections import unknown_connection
from connectors.database.registry.models import ConnectionRow
from connectors.database.registry.repository import Repository
from connectors.home.redaction import redacted

# How a finding begins that is about the queue of notifications and not about settlements.
NOTIFICATIONS = "notifications: "


class Findings(Repository):
    """The findings of each connection, on its card."""

    def set(self, slug: str, findings: Sequence[str]) -> None:
        """Replace what a connection's settlements lack."""
        self._change(slug, lambda before: [*findings, *filter(_of_queue, before)])

    def set_for_queue(self, slug: str, finding: str | None) -> None:
        """Save what is wrong with a connection's queue of notifications; None for nothing."""
        replacement = [NOTIFICATIONS + redacted(finding)] if finding else []
        self._change(slug, lambda before: [*(f for f in before if not _of_queue(f)), *replacement])

    def _change(self, slug: str, change: Callable[[list[str]], list[str]]) -> None:
        with self._transaction() as session:
            row = session.get(ConnectionRow, slug, with_for_update=True)
            if row is None:
                raise unknown_connection(session, slug)
            changed = change(row.findings)
            if row.findings != changed:
                row.findings = changed


def _of_queue(finding: str) -> bool:
    return finding.startswith(NOTIFICATIONS)
