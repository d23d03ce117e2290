"""Journal entries to the books: exactly what is planned, once, and proven by reading it back."""

from collections.abc import Sequence
from dataclasses import dataclass

from connectors.accounting.beancount.books import Books
from connectors.errors import Permanent
from connectors.registry import Connection, Publication
from connectors.windows import Window
from pipelines.stages.journals import BOOKS, read_entries
from pipelines.stages.workspace import Workspace

LOCK_SECONDS = 120.0
_DUE = ("planned", "failed", "sending", "unknown")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What publishing a window did; `held` entries wait for the owner, with the reason."""

    posted: tuple[Publication, ...]
    unchanged: int
    held: tuple[Publication, ...]
    withdrawn: int
    files: int


def due(workspace: Workspace, connection: str, window: Window) -> list[Publication]:
    """What would be posted to the books now."""
    return workspace.registry.publications(
        BOOKS, [connection], window.start, window.end, states=_DUE
    )


def publish(workspace: Workspace, connection: Connection, window: Window) -> Outcome:
    """Bring the books up to the plan for one connection and window.

    The books are written before the outbox says posted; a crash in between is mended by the next
    run, which writes the same bytes.
    """
    registry = workspace.registry
    with registry.lock("books", LOCK_SECONDS):
        listed = registry.publications(BOOKS, [connection.slug], window.start, window.end)
        todo = [p for p in listed if p.state in _DUE]
        entries = read_entries(
            workspace,
            connection.slug,
            {p.business_date for p in todo},
            {p.entry_id: p.revision for p in todo},
        )
        planned = {p.entry_id: p for p in todo}
        chosen = [e for e in entries if e.entry_id in planned]
        _agree(planned, {e.entry_id: e.content_hash for e in chosen})
        gone = _vanished(workspace, connection, listed)
        books = Books(workspace.settings.books_folder)
        books.initialise()
        written = books.publish(
            connection.slug, connection.name, chosen, [p.entry_id for p in gone]
        )
        registry.mark_posted(BOOKS, todo, reference=str(connection.slug))
        registry.mark_voided(BOOKS, gone)
    return Outcome(
        posted=tuple(todo),
        unchanged=sum(p.state == "posted" for p in listed) - len(gone),
        held=tuple(p for p in listed if p.state == "held"),
        withdrawn=len(gone),
        files=len(written.files_written),
    )


def _agree(planned: dict[str, Publication], built: dict[str, str]) -> None:
    """What is about to be written is what was planned; anything else must be built again."""
    for entry_id, publication in planned.items():
        if built.get(entry_id) != publication.content_hash:
            raise Permanent(
                f"entry {entry_id} is planned as {publication.content_hash[:12]} but its journal "
                f"has {str(built.get(entry_id))[:12]}: run the day's journal again"
            )


def _vanished(
    workspace: Workspace, connection: Connection, listed: Sequence[Publication]
) -> list[Publication]:
    """Posted entries whose journal is no longer there."""
    posted = [p for p in listed if p.state == "posted"]
    if not posted:
        return []
    days = {p.business_date for p in posted}
    current = {e.entry_id for e in read_entries(workspace, connection.slug, days, {})}
    unbuilt = days - workspace.lake.days("journal_lines", connection.slug)
    known = workspace.lake.days("transactions", connection.slug)
    return [
        p
        for p in posted
        if p.entry_id not in current
        and (p.business_date not in unbuilt or p.business_date not in known)
    ]
