"""What stands in the books is what was posted, or the file and line that cannot be read."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.accounting.beancount import Books
from connectors.errors import ConfigError
from mappings.model import JournalEntry, PostedLine
from tests.connectors.accounting.example_entries import activity, entry, payout, sale, seller_year


def as_posted(entries: list[JournalEntry]) -> list[PostedLine]:
    return [
        PostedLine(
            entry_id=entry.entry_id,
            connection=entry.connection,
            business_date=entry.business_date,
            currency=entry.currency,
            revision=entry.revision,
            content_hash=entry.content_hash,
            part=line.part,
            account=line.account,
            category=line.category,
            amount=line.amount,
            settlement_id=line.settlement_id,
        )
        for entry in sorted(entries, key=lambda entry: (entry.business_date, entry.entry_id))
        for line in entry.lines
    ]


def test_what_is_read_back_is_what_was_published(tmp_path: Path) -> None:
    books = Books(tmp_path)
    assert books.posted() == []
    etsy = [sale("2026-01-01", "4.00", "1", connection="etsy", clearing="Assets:Clearing:Etsy")]
    books.publish("amazon-uk", "Amazon UK", seller_year())
    books.publish("etsy", "Etsy", etsy)
    assert books.connections() == ["amazon-uk", "etsy"]
    assert books.posted() == as_posted(seller_year()) + as_posted(etsy)
    assert books.posted(["etsy"]) == as_posted(etsy)
    assert books.posted(["ebay"]) == []


words = st.text(
    st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"], include_characters='\n\t"\\'),
    min_size=1,
    max_size=12,
)


@settings(max_examples=60, deadline=None)
@given(settlement=words, category=words, code=words, name=st.text(max_size=12))
def test_any_words_survive_the_books(
    tmp_path_factory: pytest.TempPathFactory, settlement: str, category: str, code: str, name: str
) -> None:
    books = Books(tmp_path_factory.mktemp("books"))
    day = sale("2026-01-01", "4.00", settlement, *payout(settlement, "4.00"))
    more = [activity("Income:A", category, "1", 1, code), activity("Income:B", category, "-1")]
    day = entry("2026-01-01", *more, *day.lines)
    books.publish("amazon-uk", name, [day])
    assert books.posted() == as_posted([day])


@pytest.fixture
def year_file(tmp_path: Path) -> Path:
    Books(tmp_path).publish("amazon-uk", "Amazon UK", seller_year())
    return tmp_path / "connections/amazon-uk/2026.beancount"


def test_a_file_cut_anywhere_is_never_taken_for_a_smaller_one(
    year_file: Path, tmp_path: Path
) -> None:
    text = year_file.read_bytes()
    for end in range(0, len(text), 29):
        year_file.write_bytes(text[:end])
        with pytest.raises(ConfigError, match=r"2026\.beancount:\d+: "):
            Books(tmp_path).posted()


@pytest.mark.parametrize(
    ("original", "put", "says", "where"),
    [
        ('"fee.referral"', '"fee.referral', "not a posting", "  Expenses:Fees:Referral"),
        ("  revision: 1", "  revision: one", "not a journal", "2026-01-02 *"),
        ("2026-01-06 balance", "2026-01-06 balanse", "not a journal", "2026-01-06 balanse"),
        ("-3.10 GBP", "-3.11 GBP", "not to zero", "2026-01-02 *"),
        ("Income:Sales", "Equity:Sales", "changed after it was written", ";; sha256"),
        ("pushtag #conn-amazon-uk", "pushtag #conn-etsy", "is missing", ";; Generated"),
    ],
)
def test_damage_is_named_by_its_line(
    year_file: Path, tmp_path: Path, original: str, put: str, says: str, where: str
) -> None:
    text = year_file.read_text().replace(original, put, 1)
    year_file.write_text(text)
    with pytest.raises(ConfigError, match=rf"2026\.beancount:\d+: .*{says}") as caught:
        Books(tmp_path).posted()
    line = int(str(caught.value).split(".beancount:")[1].split(":")[0])
    assert text.splitlines()[line - 1].startswith(where)
