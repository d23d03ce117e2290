"""TikTok Shop: no machine-readable contract is to be had; its pages' own example is held to."""

import json
from pathlib import Path
from typing import Any

import pytest

from connectors.channels import CHANNELS
from connectors.documents import ingest
from connectors.documents.api_documents import ApiDocument
from connectors.errors import TotalsMismatch
from connectors.home.settings import Settings
from mappings.channels import classify
from sandbox.tiktok_money import TikTokMoney
from tests.channels.stores import store

EXAMPLE = "statement_transactions_by_statement_docs_sample.json"
TREES = ("revenue_breakdown", "shipping_cost_breakdown")


@pytest.fixture
def example(samples: Path) -> dict[str, Any]:
    fields: dict[str, Any] = json.loads((samples / "tiktok" / EXAMPLE).read_text())
    return fields


def test_every_leaf_of_the_example_is_placed(example: dict[str, Any]) -> None:
    (transaction,) = example["transactions"]
    trees = [*(transaction[name] for name in TREES), *transaction["fee_tax_breakdown"].values()]
    leaves = [name for tree in trees for name, value in tree.items() if isinstance(value, str)]
    assert len(leaves) > 90
    placed = classify("tiktok", (f"ORDER / {name}" for name in leaves))
    assert [c.source_type for c in placed if c.category == "unclassified"] == []


def test_the_example_does_not_add_up_and_is_refused(
    example: dict[str, Any], tmp_path: Path
) -> None:
    document = ApiDocument("tiktok", "settlement", "statement:7238804564097517339", "GBP")
    document.put("getStatements", {"id": example["id"], "statement_time": example["create_time"]})
    document.put("getStatementTransactions", example)
    settings = Settings(home=tmp_path, database_url=None, threads=1)
    with ingest.open_parser(settings) as table, pytest.raises(TotalsMismatch) as refused:
        table.parse(CHANNELS["tiktok"], document.source_file(), connection="store", time_zone="UTC")
    # 130 settled and 100 reserved.
    assert "transaction 1636700041413599290" in str(refused.value)
    assert refused.value.declared == "230.0000"
    assert refused.value.computed not in {None, "230.0000"}


def test_the_emulator_answers_in_the_shape_of_the_example(
    example: dict[str, Any], quick_home: Settings, tmp_path: Path
) -> None:
    with store("tiktok", quick_home, tmp_path) as at:
        at.desk.emulator.money[at.account] = TikTokMoney()
        at.sync()
        heard = [e for e in at.exchanges if e.path.endswith("/statement_transactions")]
    assert heard
    for exchange in heard:
        envelope = json.loads(exchange.answer)
        assert envelope.keys() == {"code", "message", "data", "request_id"}
        assert_within(envelope["data"], example)


def assert_within(value: Any, shown: Any) -> None:
    """Nothing is said that the example does not show, and everything in the same kind of value."""
    if isinstance(value, dict):
        assert value.keys() <= shown.keys()
        for name, part in value.items():
            assert_within(part, shown[name])
    elif isinstance(value, list):
        for part in value:
            assert_within(part, shown[0])
    else:
        assert value is None or type(value) is type(shown)
