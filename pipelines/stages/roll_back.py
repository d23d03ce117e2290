"""Roll back: entries taken out of a target again by their stored ids, until they are released.

What is to go is recorded first, so that a roll back that was killed goes on with the next one, and
nothing is posted in between.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date

from connectors.accounting.beancount.books import Books
from connectors.accounting.target import OrganisationBooks
from connectors.database.registry import Publication
from connectors.database.registry.publications import LIVE
from connectors.errors import BadInput
from mappings.model import BOOKS, original_of
from pipelines.stages.approvals import EntrySelection, checked_reason, choose
from pipelines.stages.organisations import open_organisation
from pipelines.stages.posted_documents import PostedDocument, documents_of
from pipelines.stages.publisher import LOCK_SECONDS
from pipelines.stages.sender import take_out
from pipelines.stages.workspace import Workspace


@dataclass(slots=True)
class RolledBack:
    """The result of a roll back: entries that are out of the target, and those left, with why."""

    removed: Sequence[Publication] = field(default_factory=list)
    failed: dict[date, str] = field(default_factory=dict)


def choose_entries(
    workspace: Workspace,
    slug: str,
    target: str,
    selection: EntrySelection,
    settlement: str | None = None,
) -> list[Publication]:
    """Return what a target holds, or may hold, of a store, oldest first.

    With a `settlement` those alone that have a line of it.
    """
    listed = workspace.registry.publications.list(target, [slug], states=LIVE, all_revisions=True)
    chosen = [publication for publication in listed if publication in selection]
    if settlement is None:
        return chosen
    entry_ids = _with_lines_of(workspace, slug, settlement)
    return [
        publication
        for publication in chosen
        if publication.entry_id in entry_ids or settlement in _settlements(publication)
    ]


def _with_lines_of(workspace: Workspace, slug: str, settlement: str) -> set[str]:
    posted = Books(workspace.settings.books_folder).posted([slug])
    return {original_of(line.entry_id) for line in posted if line.settlement_id == settlement}


def _settlements(publication: Publication) -> set[str | None]:
    return {
        line.settlement_id
        for document in documents_of(publication)
        for line in document.entry.lines
    }


def bank_warnings(
    workspace: Workspace, target: str, publications: Sequence[Publication]
) -> list[str]:
    """Return which entries touch a bank account or are matched with a bank line, in sentences.

    Their match is lost with them: posting them again does not bring it back.
    """
    if target == BOOKS:
        return []
    books = open_organisation(workspace, workspace.registry.connections.get(target))
    banks = {a.number: a.name for a in books.accounts() or () if a.kind.lower() == "bank"}
    warnings: list[str] = []
    for publication in publications:
        for document in documents_of(publication):
            warnings += _warnings(books, document, banks)
    return warnings


def _warnings(
    books: OrganisationBooks, document: PostedDocument, banks: dict[str, str]
) -> Iterator[str]:
    entry = document.entry
    standing = books.inspect(document.reference, entry)
    if standing.state == "edited":
        yield f"{entry.entry_id} was edited there: it stays, and is to be taken out by hand"
    if standing.is_matched:
        yield f"{entry.entry_id} is matched with a bank line: the match is lost for good"
    for name in sorted({banks[line.account] for line in entry.lines if line.account in banks}):
        yield (
            f"{entry.entry_id} has a line on the bank account {name}: what was reconciled with "
            "it has to be marked again by hand"
        )


def roll_back(
    workspace: Workspace,
    slug: str,
    target: str,
    publications: Sequence[Publication],
    reason: str,
    actor: str,
) -> RolledBack:
    """Take entries out of a target, and post nothing of them until they are released.

    `BadInput` without a reason, and before anything is done where one lies in a closed period.
    """
    line = checked_reason(reason)
    _check_open(workspace, slug, target, publications)
    choose(workspace, slug, target, publications, "rolled_back", actor, line)
    if target == BOOKS:
        return _out_of_the_books(workspace, slug, publications)
    organisation = workspace.registry.connections.get(target)
    sent = take_out(workspace, slug, organisation, publications)
    return RolledBack(sent.removed, sent.failed)


def _check_open(
    workspace: Workspace, slug: str, target: str, publications: Sequence[Publication]
) -> None:
    closed = workspace.registry.closed_books.get(slug)
    if target != BOOKS:
        organisation = workspace.registry.connections.get(target)
        there = open_organisation(workspace, organisation).closed_through()
        closed = max((day for day in (closed, there) if day is not None), default=None)
    if closed is None:
        return
    days = [
        document.entry.business_date
        for publication in publications
        for document in documents_of(publication)
    ] or [publication.business_date for publication in publications]
    if days and min(days) <= closed:
        raise BadInput(
            f"{min(days)} lies in a period that is closed through {closed}: open it first, or "
            "roll back later days alone"
        )


def _out_of_the_books(
    workspace: Workspace, slug: str, publications: Sequence[Publication]
) -> RolledBack:
    registry = workspace.registry
    with registry.lock("books", LOCK_SECONDS):
        books = Books(workspace.settings.books_folder)
        names = {connection.slug: connection.name for connection in registry.connections.list()}
        entry_ids = sorted({publication.entry_id for publication in publications})
        books.publish(slug, names.get(slug, slug), [], entry_ids)
        registry.publications.mark_voided(BOOKS, publications)
    return RolledBack(publications)
