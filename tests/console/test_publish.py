"""`daybook publish`: what is planned reaches the books once, and what they lost comes back."""

from pathlib import Path

import pytest

from console.cards import cards
from sandbox.amazon_files import order, report
from tests.console.conftest import settlement_dates
from tests.console.user import User


def _books(user: User) -> dict[str, bytes]:
    folder = user.settings.books_folder
    return {p.name: p.read_bytes() for p in sorted(folder.rglob("*.beancount"))}


def test_posting_again_changes_no_byte_and_held_entries_are_listed(synced: User) -> None:
    before = _books(synced)
    result = synced("publish")
    assert result.code == 1
    assert result.lines[0] == "0 entries posted to books"
    assert result.lines[1].startswith("held: je:attic:2026-03-03:USD: no rule for ")
    assert _books(synced) == before
    assert synced("publish", "mugs").code == 0


def test_lost_books_are_planned_shown_and_written_as_they_were(synced: User) -> None:
    year = synced.settings.books_folder / "connections" / "mugs" / "2026.beancount"
    before = _books(synced)
    year.unlink()
    dry = synced("publish", "mugs", "--dry-run")
    assert dry.code == 0
    assert dry.lines == [
        "6 entries would be posted to books",
        "  je:mugs:2026-03-03:USD revision 1",
        "  je:mugs:2026-03-04:USD revision 1",
        "  je:mugs:2026-03-08:USD revision 1",
        "  je:mugs:2026-04-03:USD revision 1",
        "  je:mugs:2026-04-04:USD revision 1",
        "  je:mugs:2026-04-08:USD revision 1",
    ]
    assert not year.exists()
    result = synced("publish", "mugs", "--json")
    assert result.code == 0
    assert result.json["ok"] is True
    assert len(result.json["entries"]) == 6
    assert _books(synced) == before
    assert synced("publish", "mugs").out == "0 entries posted to books\n"


def test_a_window_is_posted_and_the_rest_is_not(synced: User) -> None:
    (synced.settings.books_folder / "connections" / "mugs" / "2026.beancount").unlink()
    result = synced("publish", "mugs", "--from", "2026-03-04", "--to", "2026-03-04", "--json")
    assert [e["day"] for e in result.json["entries"]] == ["2026-03-04"]
    proof, _ = synced("reconcile", "mugs", "--json").json["settlements"]
    assert (proof["posted"], proof["paid"]) == ("1231.50", None)
    assert synced("sync").code == 0
    assert synced("reconcile", "mugs").code == 0


def test_an_edited_file_of_the_books_is_never_overwritten(synced: User) -> None:
    year = synced.settings.books_folder / "connections" / "mugs" / "2026.beancount"
    edited = year.read_text().replace("1231.50", "1231.51")
    year.write_text(edited)
    result = synced("publish", "mugs")
    assert (result.code, result.out) == (3, "")
    assert "2026.beancount:9: " in result.complaint
    assert "move the file out of the books" in result.complaint
    synced = synced("sync")
    assert synced.code == 1
    assert any("2026.beancount:9:" in line for line in synced.lines)
    assert year.read_text() == edited


def test_an_unknown_target(prepared: User) -> None:
    result = prepared("publish", "--target", "xero")
    assert (result.code, result.complaint) == (2, "there is no target 'xero': choose books")


def _without_the_second_day(user: User, folder: Path) -> str:
    """A posted settlement is restated without the lines of its second day, and journalled."""
    rows = order("111-0000001-0000003", price="1234.50", at="2026-03-03 12:00:00 UTC")
    path = folder / "restated.txt"
    path.write_text(report(rows, **settlement_dates(1, 3)))
    assert user("import", "amazon", path, "--connection", "mugs").code == 0
    assert user("sync", "mugs").code == 0
    return "je:mugs:2026-03-04:USD"


def test_what_vanished_is_removed_by_sync_and_shown_before(synced: User, tmp_path: Path) -> None:
    year = synced.settings.books_folder / "connections" / "mugs" / "2026.beancount"
    before = year.read_bytes()
    entry = _without_the_second_day(synced, tmp_path)
    assert entry not in year.read_text(), "sync removes it itself"
    year.write_bytes(before)
    dry = synced("publish", "mugs", "--dry-run")
    assert dry.code == 0
    assert dry.lines[-2:] == [
        "1 entry would be removed from books: no transactions support them",
        f"  {entry} revision 1",
    ]
    removed = {"entry_id": entry, "connection": "mugs", "day": "2026-03-04", "currency": "USD"}
    assert synced("publish", "mugs", "--dry-run", "--json").json["removed"] == [removed]
    elsewhere = synced("publish", "mugs", "--dry-run", "--from", "2026-04-01", "--json")
    assert elsewhere.json["removed"] == []
    result = synced("sync", "mugs")
    assert (result.code, result.lines) == (0, ["the books are updated"])
    assert entry not in year.read_text()
    assert synced("publish", "mugs", "--dry-run", "--json").json["removed"] == []


def test_books_that_beancount_refuses_are_bad_news_everywhere(
    synced: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    main = synced.settings.books_folder / "main.beancount"
    lines = len(main.read_text().splitlines())
    before = main.read_bytes()
    main.write_bytes(before + b"2026-03-01 * no entry\n")
    error = f"bean-check refuses the books: {main}:{lines + 1}: "
    for words in (("sync",), ("publish",), ("publish", "--dry-run")):
        result = synced(*words)
        assert result.code == 1, words
        assert result.lines[-1].startswith(f"failed: the books: {error}"), result
    result = synced("reconcile", "--json")
    assert (result.code, result.json["ok"]) == (1, False)
    assert result.json["books_error"].startswith(error)
    assert any(line.startswith(error) for line in synced("reconcile").lines)
    result = synced("doctor", "--json")
    (finding,) = [f for f in result.json["findings"] if f["name"] == "books"]
    assert (result.code, finding["ok"]) == (1, False)
    assert finding["detail"].startswith(error)
    monkeypatch.setattr("console.cards.settings", lambda: synced.settings)
    with synced.opened() as opened:
        whys = {card.status: card.why or "" for card in cards(opened.registry)}
    assert set(whys) == {"error"}
    assert whys["error"].startswith(error)
    main.write_bytes(before)
    assert synced("sync").code == 0


def test_accounts_follow_what_the_owner_opens_without_a_posting(synced: User) -> None:
    main = synced.settings.books_folder / "main.beancount"
    accounts = main.with_name("accounts.beancount")
    stores = {"sync": "Mugs", "publish": "Attic", "doctor": "Crafts"}
    for command, store in stores.items():
        line = f" open Income:Sales:{store}\n"
        assert line in accounts.read_text()
        with main.open("a") as file:
            file.write(f"1999-01-01{line}")
        assert "bean-check" not in synced(command).out, command
        assert line not in accounts.read_text(), command
