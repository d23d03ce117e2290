"""A document that is withdrawn: what counts then, and a withdrawal that was killed half-way."""

from datetime import UTC, date, datetime

import pytest

from connectors.accounting.beancount import Books
from connectors.documents.ingest import is_stored
from connectors.documents.manifest import Withdrawal
from connectors.errors import BadInput
from pipelines.stages.imports import outstanding
from pipelines.stages.source_types import source_types_of
from pipelines.stages.withdrawals import find_document, stored_documents, withdraw_document
from sandbox.amazon_files import order, report
from tests.channels.house import House
from tests.inbox import finish_all

FIRST, SECOND = date(2026, 3, 2), date(2026, 3, 5)


def document(*days: date) -> str:
    return report(
        [
            line
            for day in days
            for line in order(f"111-0000001-{day:%Y%m%d}", at=f"{day} 12:00:00 UTC")
        ]
    )


def recorded(house: House, name: str, *days: date) -> str:
    """A file that somebody imported, and its id."""
    manifest = house.take(document(*days), name).manifest
    house.workspace.registry.inbox.record_document(
        house.slug, document=manifest.document, days=list(days), detail={}, actor="ada"
    )
    return manifest.document


def withdrawn(house: House, name: str) -> list[date]:
    outcome = withdraw_document(house.workspace, house.connection, name, " a\n mistake ", "ada")
    return list(outcome.days)


def test_its_days_fall_back_to_the_document_before_and_then_open(empty: House) -> None:
    older, newer = recorded(empty, "a.txt", FIRST, SECOND), recorded(empty, "b.txt", FIRST)
    lake = empty.workspace.lake
    assert set(withdrawn(empty, newer)) >= {FIRST, SECOND}
    assert [m.document for m in lake.effective_documents(empty.slug)] == [older]
    empty.run()
    assert withdrawn(empty, older)
    assert lake.effective_documents(empty.slug) == []
    assert source_types_of(empty.workspace, empty.connection) == {}
    empty.run()
    assert list(Books(empty.settings.books_folder).posted([empty.slug])) == []
    states = [d.state for d in stored_documents(empty.workspace, empty.connection)]
    assert states == ["withdrawn", "withdrawn"]
    for stored in stored_documents(empty.workspace, empty.connection):
        assert stored.manifest.withdrawn is not None
        assert stored.manifest.withdrawn.reason == "a mistake"
        assert lake.read_document(empty.slug, stored.manifest.document)
    again = empty.take(document(FIRST), "c.txt")
    assert (again.new, again.manifest.revision, again.supersedes) == (True, 3, None)
    assert again.withdrawal is not None
    assert [m.name for m in lake.effective_documents(empty.slug)] == ["c.txt"]


def test_one_that_was_killed_before_its_days_were_asked_for_is_noticed(empty: House) -> None:
    recorded(empty, "a.txt", FIRST)
    empty.run()
    registry, lake = empty.workspace.registry, empty.workspace.lake
    finish_all(registry)
    (manifest,) = lake.effective_documents(empty.slug)
    lake.withdraw_document(manifest, Withdrawal(at=datetime.now(UTC), by="ada", reason="x"))
    assert not is_stored(manifest, lake.manifests(empty.slug))
    assert FIRST in outstanding(empty.workspace, empty.connection)


def test_what_an_account_brought_is_not_withdrawn(empty: House) -> None:
    manifest = empty.take(document(FIRST), "fetched.txt").manifest
    with pytest.raises(BadInput, match="came from the account of store, which would bring it"):
        withdrawn(empty, manifest.document)
    stored = stored_documents(empty.workspace, empty.connection)
    assert find_document(stored, manifest.document[:6]).origin == "account"
    with pytest.raises(BadInput, match="there is no document"):
        find_document(stored, manifest.document[:3])
