"""What posting says and hears is what Xero's OpenAPI document and QuickBooks' schema describe.

Both are read strictly: a member that they do not name is a fault. Intuit's schema has no lengths
and no sums, which are looked at apart.
"""

import json
import os
import subprocess
import sys
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from sandbox.faults import Exchange
from sandbox.quickbooks_books import LONGEST_NOTE, LONGEST_NUMBER
from sandbox.quickbooks_documents import KINDS as DOCUMENTS
from tests.conftest import Server
from tests.contract import quickbooks_xml
from tests.contract.openapi import checked, document
from tests.targets.exchanges import everything
from tests.targets.stands import INVOICED, RECEIPTS, stand

READER = Path(sys.prefix) / "readers" / "accounting"
ENTITIES = {kind.lower(): kind for kind in ("JournalEntry", "Item", "Customer", *DOCUMENTS)}
ENTRY: dict[str, Any] = {
    "DocNumber": "260302-AAAAAAAAAAAAAA",
    "TxnDate": "2026-03-02",
    "Line": [
        {
            "Description": "Clearing",
            "Amount": 1.5,
            "DetailType": "JournalEntryLineDetail",
            "JournalEntryLineDetail": {"PostingType": "Debit", "AccountRef": {"value": "51"}},
        }
    ],
}


def test_every_call_to_xero_is_in_its_document(
    embedded_server: Server, tmp_path: Path, specs: Path
) -> None:
    with stand("xero", embedded_server, tmp_path) as at:
        exchanges = everything(at)
    contract = document(specs / "xero" / "xero_accounting.yaml", is_strict=True)
    answered = map(_without_envelope, exchanges)
    operations = {_without_id(each) for each in checked(contract, answered, "/api.xro/2.0")}
    assert operations == {
        "GET /Accounts 200",
        "GET /BankTransactions 200",
        "GET /ManualJournals 200",
        "GET /ManualJournals/{id} 200",
        "GET /Organisation 200",
        "POST /ManualJournals/{id} 200",
        "PUT /ManualJournals 200",
    }


def test_every_call_about_invoices_is_in_xeros_document(
    embedded_server: Server, tmp_path: Path, specs: Path
) -> None:
    with stand(INVOICED, embedded_server, tmp_path) as at:
        exchanges = everything(at)
    contract = document(specs / "xero" / "xero_accounting.yaml", is_strict=True)
    answered = map(_without_envelope, exchanges)
    operations = {_without_id(each) for each in checked(contract, answered, "/api.xro/2.0")}
    resources = ("Invoices", "CreditNotes")
    assert operations >= {
        *(f"{method} /{name} 200" for name in resources for method in ("GET", "PUT")),
        *(f"{method} /{name}/{{id}} 200" for name in resources for method in ("GET", "POST")),
        *("GET /Contacts 200", "PUT /Contacts 200"),
        *("PUT /Payments 200", "POST /Payments/{id} 200"),
    }


def test_a_member_that_xero_does_not_describe_is_a_fault(
    embedded_server: Server, tmp_path: Path, specs: Path
) -> None:
    with stand("xero", embedded_server, tmp_path) as at:
        at.send()
        assert at.faulty is not None
        put = next(e for e in at.faulty.exchanges if e.method == "PUT")
    put.body = put.body.replace(b'"Date"', b'"CurrencyCode":"EUR","Date"', 1)
    contract = document(specs / "xero" / "xero_accounting.yaml", is_strict=True)
    with pytest.raises(Exception, match="Request body validation error"):
        checked(contract, [put], "/api.xro/2.0")


def test_every_entity_of_quickbooks_is_in_its_schema(
    embedded_server: Server, tmp_path: Path, specs: Path
) -> None:
    with stand("quickbooks", embedded_server, tmp_path) as at:
        exchanges = everything(at)
    entities = [entity for exchange in exchanges for entity in _entities(exchange)]
    kinds = {"Account", "Deposit", "ExchangeRate", "JournalEntry", "Preferences", "Transfer"}
    assert {kind for kind, _ in entities} == kinds
    assert set(faults(specs, entities)) == {""}
    sent = [json.loads(e.body, parse_float=Decimal) for e in exchanges if e.method == "POST"]
    for entry in [each for each in sent if "Line" in each]:
        assert len(entry["DocNumber"]) <= LONGEST_NUMBER
        assert len(entry["PrivateNote"]) <= LONGEST_NOTE
        sides = {"Debit": Decimal(0), "Credit": Decimal(0)}
        for line in entry["Line"]:
            assert line["Amount"] > 0
            sides[line["JournalEntryLineDetail"]["PostingType"]] += line["Amount"]
        assert sides["Debit"] == sides["Credit"] > 0


def test_every_receipt_and_payout_of_quickbooks_is_in_its_schema(
    embedded_server: Server, tmp_path: Path, specs: Path
) -> None:
    with stand(RECEIPTS, embedded_server, tmp_path) as at:
        exchanges = everything(at)
    entities = [entity for exchange in exchanges for entity in _entities(exchange)]
    kinds = {"SalesReceipt", "RefundReceipt", "Transfer", "Deposit", "Item", "Customer"}
    assert {kind for kind, _ in entities} >= kinds
    assert set(faults(specs, entities)) == {""}
    posted = [e for e in exchanges if e.method == "POST"]
    sent = [json.loads(e.body, parse_float=Decimal) for e in posted]
    for entry in [each for each in sent if "PrivateNote" in each]:
        assert len(entry.get("DocNumber", "")) <= LONGEST_NUMBER
        assert len(entry["PrivateNote"]) <= LONGEST_NOTE


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"CurrencyCode": "EUR"}, "JournalEntry has no member 'CurrencyCode'"),
        ({"TxnDate": "2 March"}, "is not a valid value"),
        ({"Line": [{**ENTRY["Line"][0], "DetailType": "Journal"}]}, "is not an element of the set"),
    ],
)
def test_the_schema_refuses_what_quickbooks_has_not(
    specs: Path, change: dict[str, Any], fault: str
) -> None:
    wrong, right = faults(specs, [("JournalEntry", {**ENTRY, **change}), ("JournalEntry", ENTRY)])
    assert fault in wrong
    assert right == ""


def faults(specs: Path, entities: list[tuple[str, dict[str, Any]]]) -> list[str]:
    """What is wrong with each entity, under Intuit's schema."""
    assert READER.is_dir(), f"`make test` installs it; run it, or `make {READER}/.installed`"
    process = subprocess.run(
        [sys.executable, quickbooks_xml.__file__, str(specs / "quickbooks")],
        input="\n".join(json.dumps(entity) for entity in entities),
        env={**os.environ, "PYTHONPATH": str(READER)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert process.returncode == 0, process.stderr[-2000:]
    lines = process.stdout.split("\n")[:-1]
    assert len(lines) == len(entities)
    return lines


def _entities(exchange: Exchange) -> list[tuple[str, dict[str, Any]]]:
    """The entities of a request and its answer, by type."""
    entities = []
    if exchange.method == "POST":
        kind = ENTITIES[exchange.path.split("/")[4].partition("?")[0]]
        entities.append((kind, json.loads(exchange.body)))
    answer = json.loads(exchange.answer)
    for kind, value in answer.get("QueryResponse", answer).items():
        listed = value if isinstance(value, list) else [value]
        entities += [(kind, each) for each in listed if kind not in {"time", "Fault"}]
    # The schema asks for it, says that it is Intuit's own, and QuickBooks sends none.
    intern = {"Transfer": {"TransferEx": {}}}
    return [(kind, {**entity, **intern.get(kind, {})}) for kind, entity in entities]


def _without_envelope(exchange: Exchange) -> Exchange:
    """The document's examples have what stands around each answer, and its schemas do not."""
    answer = json.loads(exchange.answer)
    for name in ("Id", "Status", "ProviderName", "DateTimeUTC"):
        answer.pop(name)
    return replace(exchange, answer=json.dumps(answer).encode())


def _without_id(operation: str) -> str:
    method, path, status = operation.split()
    resource, _, number = path.removeprefix("/").partition("/")
    return f"{method} /{resource}{'/{id}' if number else ''} {status}"
