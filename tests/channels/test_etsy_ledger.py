"""A month of Etsy's ledger is whole, or it is refused by the entry where it is not."""

import json
from pathlib import Path
from typing import Any

import pytest

from connectors.errors import BadInput, Unproven
from connectors.registry import Registry
from tests.channels.house import House

DOCUMENT = Path(__file__).parents[1] / "fixtures/etsy/ledger-of-a-month/document.ndjson"


@pytest.fixture
def house(registry: Registry, tmp_path: Path) -> House:
    return House.build(registry, tmp_path / "home", channel="etsy", timezone="Europe/London")


def month(change: Any) -> str:
    """The month of the fixture with its entries changed."""
    head, *pages = DOCUMENT.read_text().splitlines()
    listed = [json.loads(page) for page in pages]
    for page in listed:
        page["answer"]["results"] = change(page["answer"]["results"])
    return "\n".join([head, *map(json.dumps, listed)]) + "\n"


def test_a_missing_entry_breaks_the_chain_of_balances(house: House) -> None:
    text = month(lambda entries: [e for e in entries if e["ledger_type"] != "prolist"])
    with pytest.raises(Unproven, match=r"the balance at entry 120018 is .*: entries are missing"):
        house.take(text)


def test_another_currency_is_refused(house: House) -> None:
    text = month(lambda entries: [{**e, "currency": "EUR"} for e in entries])
    with pytest.raises(BadInput, match="holds entries in EUR, and the shop's currency is GBP"):
        house.take(text)


def test_the_first_balance_is_brought_forward(house: House) -> None:
    house.take(DOCUMENT.read_text())
    assert not house.run().failed
    found = {p.settlement_id: p for p in house.prove()}
    assert {p.state for p in found.values()} == {"tied", "open"}
    (first,) = [r for r in house.rows("settlements") if r["settlement_id"] == "etsy-2026-10-05"]
    assert f"{first['opening_balance']:f} {first['closing_balance']:f}" == "4.5100 0.0000"


def test_the_same_month_in_another_order_is_the_same_document(house: House) -> None:
    house.take(DOCUMENT.read_text())
    again = house.take(month(lambda entries: entries[::-1]))
    assert not again.new
