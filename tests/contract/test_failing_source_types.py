"""Words that once had no rule: each is in a category of its own, and nothing is held."""

from decimal import Decimal
from pathlib import Path

import pytest

from connectors.database.registry import Registry
from mappings.channels import classify
from tests.channels.house import House

CASES = {
    "amazon-variable-words.txt": "amazon",
    "range-us-2026-words.csv": "amazon",
    "etsy-gb.csv": "etsy",
    "etsy-us-fee-tax.csv": "etsy",
    "shopify-payouts-rsd.csv": "shopify",
}


@pytest.mark.parametrize(("name", "channel"), CASES.items())
def test_every_word_has_a_category_and_every_settlement_ties(
    name: str, channel: str, samples: Path, registry: Registry, tmp_path: Path
) -> None:
    house = House.build(registry, tmp_path / "home", channel=channel)
    house.take_file(samples / "failing" / name)
    assert not house.run().failed
    names = {row["source_type"] for row in house.rows() if row["payout_id"] is None}
    assert [c for c in classify(channel, names) if c.assumed] == []
    assert {
        row["source_type"] for row in house.rows() if row["category"] == "unclassified"
    } == set()
    assert not house.held()
    assert {proof.state for proof in house.prove()} <= {"tied", "open"}


def test_tax_on_a_fee_keeps_the_statements_own_word(
    samples: Path, registry: Registry, tmp_path: Path
) -> None:
    house = House.build(registry, tmp_path / "home", channel="etsy")
    house.take_file(samples / "failing" / "etsy-us-fee-tax.csv")
    assert not house.run().failed
    (line,) = [row for row in house.rows() if row["category"] == "tax.on_fees"]
    assert (line["source_type"], line["amount"]) == ("Tax / Tax: transaction", Decimal("-0.04"))
