"""Documents that are withdrawn: their entries removed, the reason kept, imported again."""

from pathlib import Path

import pytest

from connectors.accounting.beancount import Books
from connectors.database.registry.publications import LIVE
from sandbox.amazon_files import order, report
from tests.console.conftest import settlement, settlement_dates
from tests.console.user import User
from tests.inbox import finish_all

REASON = ("--reason", "it is of another store", "--yes")


def entries(user: User, slug: str) -> set[str]:
    """The entries of a connection that the books hold."""
    return {line.entry_id for line in Books(user.settings.books_folder).posted([slug])}


def states(user: User, slug: str, month: int) -> set[str]:
    with user.opened() as opened:
        listed = opened.registry.days.list(slug)
    return {s.state for s in listed if s.day.month == month}


def one_day(path: Path) -> Path:
    """The first settlement as it is restated: without its second day."""
    rows = order("111-0000001-0000003", price="1234.50", at="2026-03-03 12:00:00 UTC")
    path.write_text(report(rows, **settlement_dates(1, 3)))
    return path


def test_a_document_is_withdrawn_with_its_entries_and_counts_again(
    synced: User, tmp_path: Path
) -> None:
    stored, before = synced.documents(), entries(synced, "mugs")
    unconfirmed = synced("documents", "withdraw", "mugs", "mugs-0.txt", *REASON[:2])
    assert unconfirmed.code == 2
    assert "would be withdrawn" in unconfirmed.complaint
    result = synced("documents", "withdraw", "mugs", "mugs-0.txt", *REASON)
    assert result.code == 0, result
    assert result.lines[0] == "mugs-0.txt: withdrawn; its bytes are kept"
    assert result.lines[-1] == "next: `daybook sync mugs`"
    assert entries(synced, "mugs") == before, "sync does the rest"
    assert synced("sync", "mugs").code == 0
    assert {entry for entry in before if ":2026-03-" in entry}
    assert entries(synced, "mugs") == {entry for entry in before if ":2026-04-" in entry}
    assert states(synced, "mugs", 3) == {"open"}
    with synced.opened() as opened:
        live = opened.registry.publications.list("books", ["mugs"], states=LIVE, all_revisions=True)
        assert {p.business_date.month for p in live} == {4}
        audited = [e for e in opened.registry.audit.list() if e.action == "document.withdrawn"]
    assert [(e.actor, e.detail["reason"]) for e in audited] == [("command line", REASON[1])]
    assert synced.documents() == stored, "the bytes stay"
    (listed, _) = synced("documents", "list", "mugs", "--json").json["documents"]
    assert (listed["state"], listed["withdrawn"]["reason"]) == ("withdrawn", REASON[1])
    shown = synced("documents", "show", "mugs", listed["document"][:8])
    assert f"by command line ({REASON[1]})" in shown.lines[-1]
    assert synced("reconcile", "mugs").code == 0
    path = tmp_path / "again.txt"
    path.write_text(settlement(1))
    again = synced("import", "amazon", path, "--connection", "mugs")
    assert again.lines[0].startswith("again.txt: reinstated: ")
    assert f"by command line ({REASON[1]}); it is effective again" in again.lines[1]
    with synced.opened() as opened:
        (event,) = opened.registry.inbox.list()
    assert (event.days[0].month, event.connection) == (3, "mugs")


def test_the_document_before_counts_when_its_restatement_is_withdrawn(
    synced: User, tmp_path: Path
) -> None:
    path = one_day(tmp_path / "restated.txt")
    assert synced("import", "amazon", path, "--connection", "mugs").code == 0
    result = synced("documents", "withdraw", "mugs", "restated.txt", *REASON, "--json")
    assert result.json["fallback"]["file"] == "mugs-0.txt"
    again = synced("documents", "withdraw", "mugs", "restated.txt", *REASON)
    assert "already withdrawn" in again.lines[0]
    with synced.opened() as opened:
        assert [m.name for m in opened.lake.effective_documents("mugs")] == [
            "mugs-0.txt",
            "mugs-1.txt",
        ]


def test_a_file_that_counts_again_after_an_edited_one_has_its_days_done_again(
    synced: User, tmp_path: Path
) -> None:
    original = tmp_path / "original.txt"
    original.write_text(settlement(1))
    for path in (one_day(tmp_path / "edited.txt"), original):
        assert synced("import", "amazon", path, "--connection", "mugs").code == 0
        with synced.opened() as opened:
            assert len(opened.registry.inbox.list()) == 1, "its days are asked for, each time"
            finish_all(opened.registry)


def test_a_removed_connection_leaves_its_entries_until_they_are_withdrawn(
    synced: User, tmp_path: Path
) -> None:
    before = entries(synced, "mugs")
    assert f"leaves {len(before)} entries of 2026-03-" in (
        synced("connections", "remove", "mugs").complaint
    )
    result = synced("connections", "remove", "mugs", "--yes")
    assert result.code == 0
    assert f"{len(before)} entries of 2026-03-" in result.lines[1]
    assert entries(synced, "mugs") == before
    path = tmp_path / "march.txt"
    path.write_text(settlement(1))
    taken = ("import", "amazon", path, "--connection", "mugs")
    assert "with entries in the books" in synced(*taken).complaint
    gone = synced("connections", "remove", "mugs", "--withdraw-entries", "--yes", "--json")
    assert set(gone.json["entries"]) == before
    assert entries(synced, "mugs") == set()
    assert synced(*taken).code == 0, "the slug is free again"
    with synced.opened() as opened:
        assert {p.state for p in opened.registry.publications.list("books", ["mugs"])} == {"voided"}
    held = synced("connections", "remove", "attic", "--withdraw-entries", "--yes")
    assert held.code == 0
    assert entries(synced, "attic") == set()
    assert entries(synced, "crafts"), "of the others nothing is touched"
    with synced.opened() as opened:
        assert {p.state for p in opened.registry.publications.list("books", ["attic"])} == {
            "voided"
        }


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (("show", "mugs", "nothing.txt"), "there is no document 'nothing.txt'"),
        (("withdraw", "mugs", "mugs-0.txt", "--reason", " ", "--yes"), "needs its reason"),
        (("list", "nobody"), "there is no connection 'nobody'"),
    ],
)
def test_what_cannot_be_named_says_why(
    prepared: User, words: tuple[str, ...], complaint: str
) -> None:
    result = prepared("documents", *words)
    assert result.code == 2
    assert complaint in result.complaint
