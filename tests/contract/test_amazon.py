"""Amazon: what connecting and syncing say and hear is what its models say."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator

from connectors.accounts.notification_queues import NotificationQueues
from connectors.channels import CHANNELS
from connectors.documents.api_documents import ApiDocument
from connectors.documents.ingest import parse_file
from connectors.documents.manifest import Manifest
from connectors.home.settings import Settings
from connectors.lake.windows import Window
from sandbox import amazon_notifications as told
from sandbox.amazon import Amazon
from sandbox.limits import CLOCK
from tests.channels.stores import store
from tests.connectors.accounts.platforms import desk
from tests.contract.openapi import checked, document


def test_connecting_speaks_the_contract(quick_home: Settings, tmp_path: Path, specs: Path) -> None:
    with desk("amazon", quick_home, tmp_path) as at:
        at.whole_round()
    contract = document(specs / "amazon" / "sellers.json")
    assert checked(contract, at.emulator.application.exchanges, "/eu") == {
        "GET /sellers/v1/marketplaceParticipations 200",
        "GET /sellers/v1/marketplaceParticipations 403",
        "GET /sellers/v1/account 200",
    }


def test_syncing_speaks_the_contract(
    quick_home: Settings, tmp_path: Path, specs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("connectors.http.remote.sleep", CLOCK.pass_by)
    with store("amazon", quick_home, tmp_path) as at:
        at.sync()
    finances = document(specs / "amazon" / "finances_2024-06-19.json")
    assert checked(finances, at.exchanges, "/eu") == {"GET /finances/2024-06-19/transactions 200"}
    contract = document(specs / "amazon" / "reports_2021-06-30.json")
    seen = checked(contract, at.exchanges, "/eu")
    assert "GET /reports/2021-06-30/reports 200" in seen
    addresses = {s for s in seen if s.startswith("GET /reports/2021-06-30/documents/")}
    assert len(addresses) == len(seen) - 1 > 1


@pytest.mark.parametrize("way", [{"queue_arn": told.ARN}, {"account_id": told.AWS_ACCOUNT}])
def test_subscribing_speaks_the_contract(
    quick_home: Settings, tmp_path: Path, specs: Path, way: dict[str, str]
) -> None:
    with desk("amazon", quick_home, tmp_path) as at:
        assert isinstance(at.emulator, Amazon)
        slug, fields = at.add(at.emulator.first), at.emulator.notifications.fields(**way)
        for _ in range(2):
            NotificationQueues(at.accounts).switch_on(slug, fields, "test")
    contract = document(specs / "amazon" / "notifications.json")
    assert checked(contract, at.emulator.application.exchanges, "/eu") == {
        "GET /notifications/v1/destinations 200",
        "POST /notifications/v1/destinations 200",
        *(
            f"{what} /notifications/v1/subscriptions/{kind} {status}"
            for kind in ("REPORT_PROCESSING_FINISHED", "TRANSACTION_UPDATE")
            for what, status in (("GET", 200), ("GET", 404), ("POST", 200))
        ),
    }


def test_messages_are_what_amazons_schemas_say(specs: Path) -> None:
    """Those of the emulator, and the examples of the schemas themselves, are read."""
    schemas = {
        "ReportProcessingFinishedNotification": told.report_finished("A2EXAMPLE"),
        "TransactionUpdateNotification": told.transaction_update(
            "A2EXAMPLE", datetime(2026, 10, 20, tzinfo=UTC), "A1PA6795UKMFR9"
        ),
        "OrderChangeNotification": told.order_change("A2EXAMPLE", "A1PA6795UKMFR9"),
    }
    notifications = CHANNELS["amazon"].notifications
    assert notifications is not None
    for name, made in schemas.items():
        schema = json.loads((specs / "amazon" / f"{name}.json").read_text())
        Draft7Validator(schema).validate(made)
        for message in (made, *schema["examples"]):
            notice = notifications.parse(json.dumps(message))
            assert notice.kind.replace("_", "").lower() in name.lower()
            assert notice.is_known


def examined(home: Path, listed: Sequence[Mapping[str, Any]]) -> Manifest:
    """What a document of some transactions says of itself."""
    days = Window(date(2020, 7, 1), date(2020, 8, 1))
    made = ApiDocument("amazon", "provisional", "provisional:USD", "USD", days)
    made.put("listTransactions", listed)
    settings = Settings(home=home, database_url=None, threads=1)
    return parse_file(
        settings, CHANNELS["amazon"], made.source_file(), connection="store", time_zone="UTC"
    )


def test_the_models_own_transaction_is_read(specs: Path, tmp_path: Path) -> None:
    model = json.loads((specs / "amazon" / "finances_2024-06-19.json").read_text(), parse_int=str)
    types = model["definitions"]
    example = types["Transaction"]["example"]
    (word,) = examined(tmp_path, [example]).source_types
    assert (word.name, f"{word.amount:f}") == ("Shipment / Principle", "10.0000")
    identifiers = types["RelatedIdentifier"]["properties"]["relatedIdentifierName"]["enum"]
    assert {"ORDER_ID", "DEFERRED_TRANSACTION_ID"} <= set(identifiers)
    for kind, names in {
        "Breakdown": {"breakdownType", "breakdownAmount", "breakdowns"},
        "Item": {"breakdowns", "contexts", "description"},
        "ProductContext": {"sku", "quantityShipped", "fulfillmentNetwork"},
    }.items():
        assert names <= types[kind]["properties"].keys()


def test_amazons_own_transactions_are_read(samples: Path, tmp_path: Path) -> None:
    """The sample breaks nothing down: each total is a line, under its type."""
    sample = samples / "amazon" / "spapi_finances_2024-06-19_listTransactions_200_sandbox.json"
    response = json.loads(sample.read_text(), parse_float=str, parse_int=str)
    listed = response["static"][0]["response"]["payload"]["transactions"]
    manifest = examined(tmp_path, listed)
    assert manifest.provisional
    assert manifest.lines == len(listed)
    assert manifest.total == sum(Decimal(t["totalAmount"]["currencyAmount"]) for t in listed)
    assert {w.name for w in manifest.source_types} == {t["transactionType"] for t in listed}
