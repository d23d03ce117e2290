"""Square: what is said and heard is what its OpenAPI document says; its examples are read."""

import json
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from connectors.channels.square.records import keep, record
from connectors.database.registry import Registry
from connectors.documents.api_documents import ApiDocument
from connectors.home.settings import Settings
from connectors.lake.windows import Window
from mappings.channels import classify
from tests.channels.house import House
from tests.channels.stores import store
from tests.connectors.accounts.platforms import desk
from tests.contract.openapi import checked, document

MONEY = {
    "GET /v2/locations 200",
    "GET /v2/payouts 200",
    "GET /v2/payments 200",
    "GET /v2/refunds 200",
    "POST /v2/orders/batch-retrieve 200",
}


def test_connecting_speaks_the_contract(quick_home: Settings, tmp_path: Path, specs: Path) -> None:
    with desk("square", quick_home, tmp_path) as at:
        at.whole_round()
    contract = document(specs / "square" / "api.json")
    assert checked(contract, at.emulator.application.exchanges) == {
        "POST /oauth2/token 200",
        "GET /v2/merchants/me 200",
        "GET /v2/merchants/me 401",
        "GET /v2/locations 200",
        "POST /oauth2/revoke 200",
    }


def test_a_sync_speaks_the_contract(quick_home: Settings, tmp_path: Path, specs: Path) -> None:
    with store("square", quick_home, tmp_path) as at:
        count = len(at.exchanges)
        at.sync()
        heard = at.exchanges[count:]
    seen = checked(document(specs / "square" / "api.json"), heard)
    assert seen >= MONEY
    assert any(operation.endswith("/payout-entries 200") for operation in seen)
    assert {dict(e.headers)[b"square-version"] for e in heard} == {b"2026-09-16"}
    lists = [e for e in heard if e.path in {"/v2/payouts", "/v2/payments", "/v2/refunds"}]
    assert all(b"location_id=L" in e.query and b"begin_time=" in e.query for e in lists)


@pytest.fixture
def schemas(specs: Path) -> dict[str, Any]:
    contract: dict[str, Any] = json.loads((specs / "square" / "api.json").read_text())
    schemas: dict[str, Any] = contract["components"]["schemas"]
    return schemas


def test_every_activity_and_fee_of_the_contract_is_classified(schemas: dict[str, Any]) -> None:
    activities = schemas["ActivityType"]["enum"]
    assert len(activities) == 58
    fees = [f"PAYOUT_FEE / {name}" for name in schemas["PayoutFeeType"]["enum"]]
    words = [*activities, *(f"{name} / FEE" for name in activities), *fees]
    placed = classify("square", words)
    assert [c.source_type for c in placed if c.category == "unclassified"] == []


def test_every_external_tender_of_the_contract_is_classified(schemas: dict[str, Any]) -> None:
    text = schemas["ExternalPaymentDetails"]["properties"]["type"]["description"]
    named = [line.split(" ")[1].replace("\\", "") for line in text.splitlines() if line[:2] == "- "]
    assert "FOOD_VOUCHER" in named
    placed = classify("square", [f"TENDER / EXTERNAL / {name}" for name in named])
    assert {c.category for c in placed} == {"gateway.external"}


@pytest.fixture
def examples(samples: Path) -> dict[str, Any]:
    folder = samples / "square"
    return {
        path.name.removesuffix("Response_example.json"): json.loads(path.read_text())
        for path in folder.glob("*Response_example.json")
    }


def test_squares_own_payout_entries_are_read(
    examples: dict[str, Any], registry: Registry, tmp_path: Path
) -> None:
    entries = examples["ListPayoutEntries"]["payout_entries"]
    payout = examples["ListPayouts"]["payouts"][0]
    net = sum(entry["net_amount_money"]["amount"] for entry in entries)
    # The examples are not of one payout; what its entries come to is what it must have been.
    payout = {**payout, "amount_money": {"amount": net, "currency_code": "USD"}}
    made = ApiDocument("square", "settlement", f"payout:{payout['id']}", "USD", tag="PAID 2")
    made.put("ListPayouts", payout)
    for entry in entries:
        made.put("ListPayoutEntries", entry)
    house = House.build(registry, tmp_path / "home", channel="square")
    house.take(made.source_file().content)
    assert not house.run().failed
    (proof,) = house.prove()
    assert (proof.declared, proof.paid, proof.state) == (Decimal("0.33"), Decimal("0.33"), "tied")
    amounts = {r["source_type"]: r["amount"] for r in house.rows() if r["payout_id"] is None}
    assert amounts == {
        "REFUND": Decimal("-0.50"),
        "REFUND / FEE": Decimal("0.02"),
        "CHARGE": Decimal("1.00"),
        "CHARGE / FEE": Decimal("-0.19"),
    }


def test_squares_own_payments_and_refunds_are_read(
    examples: dict[str, Any], registry: Registry, tmp_path: Path
) -> None:
    payments = [record("payment", p) for p in examples["ListPayments"]["payments"]]
    refunds = [record("refund", r) for r in examples["ListPaymentRefunds"]["refunds"]]
    covers = Window(date(2021, 10, 13), date(2021, 10, 14))
    made = ApiDocument("square", "open", "open:USD", "USD", covers=covers)
    keep(made, lambda _numbers: iter(()), payments, refunds)
    house = House.build(registry, tmp_path / "home", channel="square")
    house.take(made.source_file().content)
    assert not house.run().failed
    amounts = {r["source_type"]: r["amount"] for r in house.rows()}
    assert amounts == {
        "CHARGE": Decimal("5.55"),
        "CHARGE / FEE": Decimal("-0.34"),
        "REFUND": Decimal("-5.55"),
        "REFUND / FEE": Decimal("0.34"),
    }
    assert "fingerprint" not in made.source_file().content.decode()
