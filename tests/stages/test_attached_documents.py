"""Settlement documents beside the entries of an organisation: once, and never in their way."""

from itertools import repeat

import pytest

from connectors.accounting.attachments import LARGEST, MOST, Attachment, unattached
from connectors.database.registry import Publication
from connectors.errors import Permanent
from mappings.journal.config import MappingConfig
from pipelines.stages import attached_documents
from pipelines.stages.attached_documents import documents_of_entry
from pipelines.stages.sender import due_days
from sandbox.limits import CLOCK
from tests.stages.organisation_books import ACCOUNTS, FIRST_DAY, Books, books

__all__ = ["books"]


def turn_on(books: Books) -> None:
    config = MappingConfig(chart="organisation", accounts=ACCOUNTS[books.name], attachments=True)
    books.house.workspace.registry.mappings.save(
        config.model_dump(mode="json"), config.digest, actor="test", target="harbour"
    )


def publication(books: Books) -> Publication:
    listed = books.house.workspace.registry.publications.list("harbour")
    return next(p for p in listed if p.business_date == FIRST_DAY)


def files_there(books: Books) -> dict[str, bytes]:
    """The files of the first day's entry, by name; no two have one name."""
    reference = publication(books).reference
    if books.name == "xero":
        listed = [(n, content) for n, _, content in books.ledger.files.by_journal[reference]]
    else:
        files = books.ledger.files
        listed = [
            (record["FileName"], files.contents[number])
            for number, record in files.records.items()
            if record["AttachableRef"][0]["EntityRef"]["value"] == reference
        ]
    assert len(dict(listed)) == len(listed)
    return dict(listed)


def calls_about_files(books: Books) -> int:
    exchanges = books.platform.application.exchanges
    return sum("ttach" in f"{e.path}{e.query!r}" or "upload" in e.path for e in exchanges)


def test_what_an_entry_is_made_of_is_attached_once(books: Books) -> None:
    turn_on(books)
    text = books.settlement()
    books.take(text)
    sent = books.send()
    assert (len(sent.posted), sent.failed, sent.unattached) == (3, {}, [])
    ((name, content),) = files_there(books).items()
    assert content == text.encode()
    assert name.endswith("-report.txt")
    assert (publication(books).content or {})["attachments"] == "attached"
    calls = calls_about_files(books)
    assert books.send().posted == []
    assert calls_about_files(books) == calls
    # A restated document is attached beside the one before, as the entry is replaced in place.
    restated = books.settlement("25.00")
    books.take(restated, "restated.txt")
    assert books.send().failed == {}
    assert sorted(files_there(books).values()) == sorted([text.encode(), restated.encode()])


def test_a_failure_leaves_the_entry_posted_and_is_on_the_card(books: Books) -> None:
    turn_on(books)
    books.take(books.settlement())
    begins = {"xero": "/api.xro/2.0/ManualJournals/", "quickbooks": None}[books.name]
    application = books.platform.application
    application.only = begins or f"/v3/company/{books.platform.first}/upload"
    application.script = repeat("503")
    sent = books.send()
    assert (len(sent.posted), sent.failed) == (3, {})
    assert "has no document: " in sent.unattached[0]
    registry = books.house.workspace.registry
    findings = registry.connections.get("store").findings
    assert findings[0].startswith("documents: je:store:2026-03-02:")
    assert findings[1] == (
        "documents: 2 more entries have none: `daybook publish --target harbour` tries again"
    )
    # `daybook publish` has something to do.
    workspace = books.house.workspace
    assert due_days(workspace, books.house.connection, books.house.window)[0] == FIRST_DAY
    application.script = repeat(None)
    CLOCK.pass_by(60.0)
    assert books.send().unattached == []
    assert len(files_there(books)) == 1
    assert registry.connections.get("store").findings == []


def test_off_by_default_and_for_what_was_posted_before(books: Books) -> None:
    books.take(books.settlement())
    books.send()
    turn_on(books)
    books.send()
    assert calls_about_files(books) == 0


def test_what_nobody_can_read_is_a_table_of_the_entrys_lines(
    books: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    turn_on(books)
    books.take(books.settlement().replace("MUG-BLUE", "=MUG"))
    monkeypatch.setattr(attached_documents, "LARGEST", 100)
    store = books.house.store
    manifests = {m.document: m for m in store.lake.manifests(store.slug)}
    (table,) = documents_of_entry(store, publication(books), manifests)
    header, *rows = table.content.decode().splitlines()
    assert header.startswith("posted_at,settlement_id,order_id,sku,")
    assert len(rows) == 2
    assert {row.split(",")[3] for row in rows} == {"'=MUG"}
    assert [row.rpartition(",")[2] for row in rows] == ["20.0000", "-3.0000"]
    assert table.name.endswith(f"-{FIRST_DAY}-{publication(books).currency}.csv")


def test_limits_are_kept_before_anything_is_sent() -> None:
    files = [Attachment(f"{n}.csv", b"x", "text/csv") for n in range(MOST + 1)]
    assert unattached(files[:MOST], {"0.csv"}) == files[1:MOST]
    with pytest.raises(Permanent, match="takes 10 files"):
        unattached(files, set())
    with pytest.raises(Permanent, match="10 MB is too large"):
        unattached([Attachment("a.csv", bytes(LARGEST + 1), "text/csv")], set())
