"""A month of Etsy's ledger is whole, or it is refused by the entry where it is not."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from connectors.database.registry import Registry
from connectors.errors import BadInput, TotalsMismatch
from tests.channels.etsy_files import deposit, sale, statement
from tests.channels.house import House

FIXTURES = Path(__file__).parents[1] / "fixtures/etsy"
DOCUMENT = FIXTURES / "ledger-of-a-month/document.ndjson"
WITH_PAYMENTS = FIXTURES / "ledger-with-payments/document.ndjson"


@pytest.fixture
def house(registry: Registry, tmp_path: Path) -> House:
    return House.build(registry, tmp_path / "home", channel="etsy", timezone="Europe/London")


def month(change: Any) -> str:
    """The month of the fixture with its entries changed."""
    head, *pages = DOCUMENT.read_text().splitlines()
    listed = [json.loads(page) for page in pages]
    for page in listed:
        page["answer"]["results"] = change(page["answer"]["results"])
    written = (json.dumps(page, separators=(",", ":")) for page in listed)
    return "\n".join([head, *written]) + "\n"


def test_a_missing_entry_breaks_the_chain_of_balances(house: House) -> None:
    text = month(lambda entries: [e for e in entries if e["ledger_type"] != "prolist"])
    with pytest.raises(
        TotalsMismatch, match=r"the balance at entry 120018 is .*: entries are missing"
    ):
        house.take(text)


def test_another_currency_is_refused(house: House) -> None:
    text = month(lambda entries: [{**e, "currency": "EUR"} for e in entries])
    with pytest.raises(BadInput, match="holds entries in EUR, and the shop's currency is GBP"):
        house.take(text)


def test_the_first_balance_is_brought_forward(house: House) -> None:
    house.take(DOCUMENT.read_text())
    assert not house.run().failed
    proofs = {p.settlement_id: p for p in house.prove()}
    assert {p.state for p in proofs.values()} == {"tied", "open"}
    (first,) = [r for r in house.rows("settlements") if r["settlement_id"] == "etsy-2026-10-05-GBP"]
    assert f"{first['opening_balance']:f} {first['closing_balance']:f}" == "4.5100 0.0000"


def test_the_same_month_in_another_order_is_the_same_document(house: House) -> None:
    house.take(DOCUMENT.read_text())
    again = house.take(month(lambda entries: entries[::-1]))
    assert not again.new


def test_what_a_payment_says_otherwise_is_seen(house: House) -> None:
    house.take(WITH_PAYMENTS.read_text())
    assert not house.run().failed
    (line,) = (r for r in house.rows() if "entries say" in r["description"])
    assert line["order_id"] == "3013"
    otherwise = "Etsy's payment 413 says 1.40 GBP where its entries say 1.41"
    assert line["description"] == f"shop_payment 413 · {otherwise}"
    assert [(p.settlement_id, p.state, p.why) for p in house.prove()] == [
        ("etsy-2026-10-05-GBP", "tied", f"{otherwise}: the ledger is booked"),
        ("etsy-2026-10-12-GBP", "tied", None),
    ]


def test_a_statement_and_the_ledger_of_a_month_take_each_others_place(house: House) -> None:
    rows = [sale(date(2026, 10, 2), "3011", "45.60"), deposit(date(2026, 10, 5), "45.60")]
    for text in (statement(rows, currency="GBP"), WITH_PAYMENTS.read_text()):
        house.take(text)
    assert [m.format for m in house.workspace.lake.effective_documents(house.slug)] == [
        "api_ledger"
    ]
    house.take(statement(rows[:1], currency="GBP"))
    assert [m.format for m in house.workspace.lake.effective_documents(house.slug)] == [
        "monthly_statement"
    ]
