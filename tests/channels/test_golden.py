"""Small documents, the lines they become and the journal that follows, for an accountant to read.

Each case is a folder of `tests/fixtures/<channel>`; several documents are imported in order. After
a change that is meant, REGENERATE=1 writes what comes out; read the difference.
"""

import csv
import io
import os
from pathlib import Path

import pytest
from babel import Locale

from connectors.database.registry import Registry
from tests.channels.house import House

FIXTURES = Path(__file__).parents[1] / "fixtures"
CASES = sorted(
    f"{path.parent.name}/{path.name}"
    for path in FIXTURES.glob("*/*")
    if any(path.glob("document*"))
)
TIME_ZONES = {
    "amazon/v2-us": "America/Los_Angeles",
    "amazon/v2-pacific-zones": "America/Los_Angeles",
    "amazon/v2-de": "Europe/Berlin",
    "amazon/v2-jp": "Asia/Tokyo",
    "amazon/v2-in": "Asia/Kolkata",
    "amazon/range-us": "America/Los_Angeles",
    "amazon/range-two-months": "America/Los_Angeles",
    "amazon/range-de": "Europe/Berlin",
    "amazon/range-in": "Asia/Kolkata",
    "amazon/v1-36-columns": "America/Toronto",
    "amazon/v1-33-columns": "America/Toronto",
    "amazon/v1-negative-chain": "America/Toronto",
    "ebay/report-in-german": "Europe/Berlin",
    "etsy/euro-comma-decimals": "Europe/Berlin",
    "etsy/ledger-of-a-month": "Europe/London",
    "etsy/ledger-with-payments": "Europe/London",
    "walmart/v1-32-columns": "America/Los_Angeles",
    "walmart/v1-carried-balance": "America/Los_Angeles",
    "square/batch-of-everything": "America/New_York",
    "square/instant-refused-and-negative-payouts": "America/New_York",
    "square/unpaid-and-past-the-balance": "America/New_York",
    "square/yen-gross-settlement": "Asia/Tokyo",
    "square/transactions-2018-resaved": "America/New_York",
    "square/transactions-2022": "America/Los_Angeles",
    "square/transactions-55-columns": "America/Los_Angeles",
}
# Their first payout takes what was earned before them.
BROUGHT_FORWARD = {"ebay/report-in-pounds-over-two-months", "etsy/nine-columns"}
HELD = {"amazon/v2-unclassified-word"}
COUNTRIES = frozenset(code for code in Locale("en").territories if len(code) == 2)
PLACES = {
    "amazon/range-us": {(None, "WA")},
    "ebay/report-in-german": {("DE", None)},
    "ebay/report-with-order-rows": {("US", "CA"), ("GB", None)},
    "woocommerce/month-of-gateways": {("US", "NY")},
}
BUYERS = {"woocommerce/month-of-gateways": {"DE123456789"}}
SHOWN = (
    "business_date", "category", "amount", "currency", "source_type", "order_id", "sku",
    "quantity", "tax_collected_by", "settlement_id", "posted_at", "line",
)  # fmt: skip


def transactions(house: House) -> str:
    """The lines as a table; `line` is what tells a line from its like: row and amount."""
    out = io.StringIO()
    writer = csv.DictWriter(out, SHOWN, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    for row in house.rows():
        posted = row["posted_at"].isoformat(sep=" ", timespec="seconds")
        line = row["transaction_id"].partition(":")[2]
        writer.writerow({**row, "posted_at": posted, "line": line, "amount": f"{row['amount']:f}"})
    return out.getvalue()


def journal(house: House) -> str:
    """The books of the store, and what is held back from them."""
    held = [f";; held: {entry}: {why}\n" for entry, why in sorted(house.held().items())]
    return house.books() + "".join(held)


@pytest.fixture
def house(case: str, registry: Registry, tmp_path: Path) -> House:
    channel = case.partition("/")[0]
    return House.build(
        registry, tmp_path / "home", channel=channel, timezone=TIME_ZONES.get(case, "UTC")
    )


@pytest.mark.parametrize("case", CASES)
def test_a_document_becomes_these_lines_and_this_journal(case: str, house: House) -> None:
    folder = FIXTURES / case
    for path in sorted(folder.glob("document*")):
        house.take_file(path)
    assert not house.run().failed
    produced = {"transactions.csv": transactions(house), "journal.beancount": journal(house)}
    for name, text in produced.items():
        if os.environ.get("REGENERATE"):
            (folder / name).write_text(text)
        assert text == (folder / name).read_text()
    places = {(row["ship_to"], row["ship_to_region"]) for row in house.rows()} - {(None, None)}
    assert {country for country, _ in places if country} <= COUNTRIES
    # Walmart names the state alone, in every document of the fixtures.
    if case.startswith("walmart/"):
        assert {country for country, region in places if region} == {"US"}
    assert places >= PLACES.get(case, set())
    buyers = {row["buyer_tax_number"] for row in house.rows()} - {None}
    assert buyers == BUYERS.get(case, set())
    states = {proof.state for proof in house.prove()}
    assert states <= ({"held"} if case in HELD else {"tied", "open", "incomplete"})
    assert ("incomplete" in states) is (case in BROUGHT_FORWARD)
    assert bool(house.held()) is (case in HELD)
    # The program takes longer than all the rest: once a channel will do.
    if case == next(c for c in CASES if c.partition("/")[0] == case.partition("/")[0]):
        house.check_books()
