"""Words that others collected from settlement reports are all known to us."""

import json
from pathlib import Path

import pytest

from mappings.channels import classify

# The collection files these under an amount type that no report has them in.
MISPLACED = {
    ("Tax", "other-transaction"): "belongs to ItemPrice",
    ("TransactionTotalAmount", "other-transaction"): "belongs to Cost of Advertising",
}
TRANSACTION_TYPES = {
    "ItemPrice": ("Order", "Refund"),
    "ItemFees": ("Order", "Refund"),
    "Promotion": ("Order", "Refund"),
    "Shipment-Fees": ("Order", "Shipment"),
    "other-transaction": ("other-transaction",),
}
# Words of one transaction type only.
ONLY = {
    "RestockingFee": "Refund",
    "ReturnShipping": "Refund",
    "RefundCommission": "Refund",
}


@pytest.fixture
def collected(samples: Path) -> list[tuple[str, str]]:
    entries = json.loads((samples / "amazon" / "vocab_xieyi_fee-codes.json").read_text())["entries"]
    return [
        (entry["description"], amount_type)
        for entry in entries
        for amount_type in entry["amount_types"] or ["other-transaction"]
        if (entry["description"], amount_type) not in MISPLACED
    ]


def test_every_collected_word_is_classified(collected: list[tuple[str, str]]) -> None:
    names = [
        f"{kind} / {amount_type} / {word}"
        for word, amount_type in collected
        for kind in TRANSACTION_TYPES[amount_type]
        if ONLY.get(word, kind) == kind and (word, kind) != ("Goodwill", "Order")
    ]
    assert len(names) > 60
    placed = classify("amazon", names)
    assert [c.source_type for c in placed if c.category == "unclassified"] == []
