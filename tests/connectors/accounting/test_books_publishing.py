"""Publishing again, in parts, out of order, over faults: the same books come out."""

import os
import tempfile
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.accounting import TARGETS
from connectors.accounting.beancount import Books
from connectors.errors import ConfigError, Permanent, Transient
from mappings.model import JournalEntry
from tests.connectors.accounting.example_entries import (
    AMAZON,
    entry,
    files_of,
    payout,
    sale,
    seller_year,
    verdict,
)

YEAR_FILE = "connections/amazon-uk/2026.beancount"


@pytest.fixture
def books(tmp_path: Path) -> Books:
    books = TARGETS["books"](tmp_path)
    books.publish("amazon-uk", "Amazon UK", seller_year())
    return books


def test_publishing_again_writes_nothing(books: Books, tmp_path: Path) -> None:
    before = files_of(tmp_path)
    published = books.publish("amazon-uk", "Amazon UK", seller_year())
    assert (published.files_written, published.entries) == ((), 7)
    assert files_of(tmp_path) == before


@settings(max_examples=25, deadline=None)
@given(order=st.permutations(seller_year()), cuts=st.sets(st.integers(0, 7)), data=st.data())
def test_books_do_not_remember_in_which_parts_they_were_written(
    order: list[JournalEntry], cuts: set[int], data: st.DataObject
) -> None:
    once, parts = tempfile.TemporaryDirectory(), tempfile.TemporaryDirectory()
    with once as whole, parts as split:
        Books(Path(whole)).publish("amazon-uk", "Amazon UK", seller_year())
        books = Books(Path(split))
        first_draft = data.draw(st.sampled_from(seller_year()))
        passing = sale("2025-12-30", "1.00", "7", currency="USD")
        books.publish("amazon-uk", "Amazon", [replace(first_draft, revision=9), passing])
        for start, end in zip([0, *sorted(cuts)], [*sorted(cuts), 7], strict=True):
            books.publish("amazon-uk", "Amazon UK", order[start:end], [passing.entry_id])
        assert files_of(Path(split)) == files_of(Path(whole))


def test_a_new_revision_replaces_its_entry_and_leaves_the_others(
    books: Books, tmp_path: Path
) -> None:
    before = (tmp_path / YEAR_FILE).read_text()
    restated = sale("2026-02-01", "44.00", "114", revision=2)
    published = books.publish("amazon-uk", "Amazon UK", [restated])
    assert published.files_written == (tmp_path / YEAR_FILE,)
    after = (tmp_path / YEAR_FILE).read_text()
    common = before[before.index("pushtag") : before.index("2026-02-01")]
    assert common in after
    assert {line.revision for line in books.posted() if line.business_date.month == 2} == {2}


def test_a_late_line_of_last_year_moves_the_balances_after_it(books: Books, tmp_path: Path) -> None:
    books.publish("amazon-uk", "Amazon UK", [sale("2025-12-29", "0.07", "115")])
    assert "2026-01-06 balance" in (tmp_path / YEAR_FILE).read_text()
    assert "0.07 ~ 0.00 GBP" in (tmp_path / YEAR_FILE).read_text()


def test_withdrawn_entries_leave_no_trace(books: Books, tmp_path: Path) -> None:
    Books(tmp_path / "other").publish("amazon-uk", "Amazon UK", seller_year()[:3])
    gone = [it.entry_id for it in seller_year()[3:]]
    published = books.publish("amazon-uk", "Amazon UK", [], [*gone, "je:never:seen"])
    assert published.files_removed == (tmp_path / YEAR_FILE,)
    written, expected = files_of(tmp_path), files_of(tmp_path / "other")
    assert {name: written[name] for name in expected} == expected
    books.publish("amazon-uk", "Amazon UK", [], [it.entry_id for it in seller_year()])
    assert books.connections() == []
    assert not (tmp_path / YEAR_FILE).parent.exists()


def test_an_entry_is_given_once(books: Books) -> None:
    day = sale("2026-03-01", "1.00", "1")
    with pytest.raises(Permanent, match="twice"):
        books.publish("amazon-uk", "Amazon UK", [day, day])
    with pytest.raises(Permanent, match="withdrawn"):
        books.publish("amazon-uk", "Amazon UK", [day], [day.entry_id])


def test_files_of_the_user_are_never_touched(books: Books, tmp_path: Path) -> None:
    mine = {
        "main.beancount": 'include "accounts.beancount"\n2020-01-01 open Expenses:Fees:Referral\n',
        "rent.beancount": "; mine",
        "connections/amazon-uk/notes.beancount": "; mine too",
    }
    for name, text in mine.items():
        (tmp_path / name).write_text(text)
    books.initialise("Another title")
    books.publish("amazon-uk", "Amazon UK", [sale("2026-03-01", "9.00", "114")])
    assert {name: (tmp_path / name).read_text() for name in mine} == mine
    # What the user opened is not opened twice.
    assert "Fees:Referral" not in (tmp_path / "accounts.beancount").read_text()


@pytest.mark.parametrize(
    "name", ["accounts.beancount", YEAR_FILE, YEAR_FILE.replace("2026", "2025")]
)
@pytest.mark.parametrize("whose", ["edited", "foreign", "binary", "empty"])
def test_a_generated_file_changed_by_hand_stops_before_anything_is_written(
    books: Books, tmp_path: Path, name: str, whose: str
) -> None:
    path = tmp_path / name
    text = path.read_bytes()
    changed = {
        "edited": text.replace(b"Income", b"Equity", 1),
        "foreign": b"; my own journal\n",
        "binary": b"\xff\xfe\x00",
        "empty": b"",
    }
    path.write_bytes(changed[whose])
    before = files_of(tmp_path)
    both_years = [sale("2025-11-01", "8.00", "110"), sale("2026-03-01", "9.00", "114")]
    with pytest.raises(ConfigError, match=rf"{name}:\d+: .*move"):
        books.publish("amazon-uk", "Amazon UK", both_years)
    assert files_of(tmp_path) == before
    path.write_bytes(text)
    books.publish("amazon-uk", "Amazon UK", both_years)


def test_a_damaged_connection_does_not_stop_another(books: Books, tmp_path: Path) -> None:
    (tmp_path / YEAR_FILE).write_text("lost")
    books.publish(
        "etsy",
        "Etsy",
        [sale("2026-01-01", "4.00", "1", clearing="Assets:Clearing:Etsy", connection="etsy")],
    )
    assert books.posted(["etsy"])


@pytest.mark.parametrize("failing", range(1, 5))
def test_a_fault_between_files_leaves_each_old_or_new_and_a_re_run_heals(
    books: Books, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failing: int
) -> None:
    old = files_of(tmp_path)
    change = [
        sale("2024-05-05", "2.00", "109"),
        sale("2025-12-29", "0.07", "115"),
        sale("2026-03-01", "9.00", "116", *payout("116", "9.00", account="Assets:Bank:New")),
    ]
    rename = os.replace
    calls: list[tuple[Path, ...]] = []

    def broken(*paths: Path) -> None:
        calls.append(paths)
        if len(calls) == failing:
            raise OSError(28, "No space left on device")
        rename(*paths)

    with monkeypatch.context() as patched:
        patched.setattr(os, "replace", broken)
        with pytest.raises(Transient, match="No space left"):
            books.publish("amazon-uk", "Amazon UK", change)
    halfway = files_of(tmp_path)
    books.publish("amazon-uk", "Amazon UK", change)
    new = files_of(tmp_path)
    assert all(halfway.get(name) in (old.get(name), new[name]) for name in new)
    assert halfway.keys() <= new.keys()


def test_what_a_killed_run_left_is_not_read_and_goes_away(books: Books, tmp_path: Path) -> None:
    leftover = tmp_path / "connections/amazon-uk/.tmp-2026.beancount-0badc0de"
    leftover.write_text("half a jour")
    assert len(books.posted()) == len([line for it in seller_year() for line in it.lines])
    assert verdict(books).errors == ()
    books.publish("amazon-uk", "Amazon UK", [sale("2026-03-01", "9.00", "116")])
    assert not leftover.exists()


def test_money_moved_between_two_channels_is_counted_in_both_clearing_accounts(
    books: Books,
) -> None:
    etsy = "Assets:Clearing:Etsy"
    books.publish(
        "etsy",
        "Etsy",
        [
            sale("2026-01-03", "30.00", "e1", clearing=etsy, connection="etsy"),
            entry(
                "2026-01-04",
                *payout("e1", "25.00", clearing=etsy, account=AMAZON, category="transfer.internal"),
                connection="etsy",
            ),
        ],
    )
    assert verdict(books).errors == ()
    books.publish("etsy", "Etsy", [], ["je:etsy:2026-01-04:GBP"])
    assert verdict(books).errors == ()
