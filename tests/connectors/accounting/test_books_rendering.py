"""What an accountant reads in the books."""

from decimal import Decimal
from pathlib import Path

import pytest

from connectors.accounting.beancount import Books
from connectors.errors import ConfigError, DaybookError, Permanent
from mappings.model import JournalEntry
from tests.connectors.accounting.example_entries import (
    activity,
    entry,
    files_of,
    owed,
    payout,
    sale,
)

GOLDEN = Path(__file__).parent / "golden"


def example_days() -> list[JournalEntry]:
    return [
        entry(
            "2026-06-17",
            activity("Income:Sales:Amazon-UK", "sales.principal", "-100.0000", 184, "GB-STD-20"),
            activity("Liabilities:Tax:Output", "tax.seller_collected", "-20", 12),
            activity("Expenses:Fees:Referral", "fee.referral", "18", 184),
            activity("Expenses:Fees:Fulfilment", "fee.fulfilment", "7", 90),
            activity("Assets:Reserve:Amazon-UK", "reserve.held", "5.25", 1),
            owed("92.75", "28471003921"),
            owed("-3", "28471003922"),
        ),
        entry(
            "2026-07-02",
            *payout("28471003921", "92.75"),
            *payout(
                "28471003922", "-3", account="Assets:CarriedForward", category="carried_forward"
            ),
        ),
    ]


def example_books(folder: Path) -> Books:
    books = Books(folder)
    books.initialise("Acme Ltd")
    books.publish("amazon-uk", 'Amazon "UK"', example_days()[:1])
    books.publish("amazon-uk", 'Amazon "UK"', example_days()[1:])
    return books


@pytest.mark.parametrize(
    "name", ["main.beancount", "accounts.beancount", "connections/amazon-uk/2026.beancount"]
)
def test_the_books_read_as_an_accountant_expects(tmp_path: Path, name: str) -> None:
    example_books(tmp_path)
    golden = GOLDEN / name.replace("/", "-")
    assert (tmp_path / name).read_text() == golden.read_text()


@pytest.mark.parametrize(
    ("currency", "amount", "printed"),
    [
        ("JPY", "1200.0000", "1200 JPY"),
        ("USD", "0.1", "0.10 USD"),
        ("KWD", "1.2345", None),
        ("KWD", "1.2340", "1.234 KWD"),
        ("RSD", "9.99", "9.99 RSD"),
        ("JPY", "0.5", None),
        ("GBP", "0.005", None),
        ("GBP", "-0.00", " 0.00 GBP"),
        ("GBP", "NaN", None),
    ],
)
def test_amounts_are_printed_in_minor_units_or_refused(
    tmp_path: Path, currency: str, amount: str, printed: str | None
) -> None:
    books = Books(tmp_path)
    day = sale("2026-01-01", "0", "1", currency=currency)
    lines = (activity("Income:A", "a", amount), activity("Income:B", "b", Decimal(amount) * -1))
    day = entry("2026-01-01", *day.lines, *lines, currency=currency)
    if printed is None:
        with pytest.raises(Permanent):
            books.publish("amazon-uk", "Amazon", [day])
        assert not books.connections()
    else:
        books.publish("amazon-uk", "Amazon", [day])
        text = (tmp_path / "connections/amazon-uk/2026.beancount").read_text()
        assert printed in text
        assert "-0.00" not in text


@pytest.mark.parametrize(
    ("wrong", "kind", "says"),
    [
        (entry("2026-01-01"), Permanent, "without lines"),
        (entry("2026-01-01", owed("1", "9")), Permanent, "sum to 1"),
        (sale("2026-01-01", "1", "9", payout("9", "1")[0]), Permanent, "sum to 1"),
        (sale("1999-12-31", "1", "9"), Permanent, "outside"),
        (sale("2026-01-01", "1", "9", currency="Euro"), Permanent, "ISO 4217"),
        (sale("2026-01-01", "1", "9", connection="etsy"), Permanent, "belongs to etsy"),
        (sale("2026-01-01", "1", "9\x07"), Permanent, "control"),
        (sale("2026-01-01", "1", "9", clearing="clearing"), ConfigError, "'clearing'"),
        (sale("2026-01-01", "1", "9", clearing="Assets:a_b"), ConfigError, "'Assets:a_b'"),
        (entry("2026-01-01", *payout(None, "1")), Permanent, "names no settlement"),
    ],
)
def test_an_entry_that_cannot_be_posted_says_why_and_nothing_is_written(
    tmp_path: Path, wrong: JournalEntry, kind: type[DaybookError], says: str
) -> None:
    books = Books(tmp_path)
    books.publish("amazon-uk", "Amazon", [sale("2026-01-02", "5.00", "8")])
    before = files_of(tmp_path)
    with pytest.raises(kind, match=says):
        books.publish("amazon-uk", "Amazon", [sale("2026-01-03", "5.00", "8"), wrong])
    assert files_of(tmp_path) == before


def test_a_slug_is_never_a_way_out_of_the_folder(tmp_path: Path) -> None:
    with pytest.raises(Permanent, match="slug"):
        Books(tmp_path / "books").publish("../etsy", "Etsy", [])
    assert not files_of(tmp_path).keys() - {
        f"books/{name}"
        for name in [
            "main.beancount",
            "accounts.beancount",
            "prices.beancount",
            "connections/_empty.beancount",
        ]
    }
