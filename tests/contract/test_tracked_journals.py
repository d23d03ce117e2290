"""Journals with tracking, as Xero's document, Intuit's schema and both libraries read them."""

import json
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from connectors.accounting.attachments import Attachment
from connectors.home.settings import Settings
from mappings.model import CLEARING, JournalEntry, JournalLine
from sandbox.limits import CLOCK
from tests.contract.openapi import checked, document
from tests.contract.test_posting import faults
from tests.contract.test_taxed_journals import entry, opened
from tests.targets.test_readers import parsed

PAIRS = {
    "xero": (("Region", "North"), ("Store", "Mugs")),
    "quickbooks": (("class", "Online"), ("location", "Mugs")),
}
ACCOUNTS = {"xero": ("200", "1100"), "quickbooks": ("79", "51")}


def tracked(name: str) -> JournalEntry:
    sales, clearing = ACCOUNTS[name]
    # In a company with VAT, QuickBooks wants a code on every line.
    code = None if name == "xero" else "6"
    bare = JournalLine(
        "activity", clearing, CLEARING, Decimal("12.00"), 1, code, tax_treatment="outside"
    )
    sold = replace(bare, account=sales, category="sales.principal", amount=Decimal("-12.00"))
    return entry((replace(sold, tracking=PAIRS[name]), bare))


def test_xeros_document_describes_tracking(
    quick_home: Settings, tmp_path: Path, specs: Path
) -> None:
    with opened("xero", quick_home, tmp_path) as (at, books):
        books.create_value("store", "Mugs")
        reference = books.post(tracked("xero"), 0)
        assert books.inspect(reference, tracked("xero")).state == "intact"
        assert {each.name for each in books.dimensions() or ()} == {"Region", "Store"}
        books.attach(reference, [Attachment("1-report.txt", b"x", "text/plain")])
        books.attach(reference, [Attachment("1-report.txt", b"x", "text/plain")])
        exchanges = at.emulator.application.exchanges
    contract = document(specs / "xero" / "xero_accounting.yaml")
    # The document describes a file's bytes as text in base64; Xero takes the bytes.
    (upload,) = (e for e in exchanges if e.method == "PUT" and "Attachments" in e.path)
    assert (upload.path.rpartition("/")[2], upload.body) == ("1-report.txt", b"x")
    seen = checked(contract, [e for e in exchanges if e is not upload], "/api.xro/2.0")
    assert {"GET /TrackingCategories 200", "PUT /ManualJournals 200"} <= seen
    assert any(each.endswith("/Options 200") for each in seen)
    assert any(each.endswith("/Attachments 200") for each in seen)
    bodies = [json.loads(e.body) for e in exchanges if b"JournalLines" in e.body]
    tracking = [line.get("Tracking") for line in bodies[0]["ManualJournals"][0]["JournalLines"]]
    assert tracking == [
        [{"Name": "Region", "Option": "North"}, {"Name": "Store", "Option": "Mugs"}],
        None,
    ]


def test_intuits_schema_describes_classes_and_locations(
    quick_home: Settings, tmp_path: Path, specs: Path
) -> None:
    with opened("quickbooks", quick_home, tmp_path) as (at, books):
        books.create_value("Location", "Mugs")
        reference = books.post(tracked("quickbooks"), 0)
        assert books.inspect(reference, tracked("quickbooks")).state == "intact"
        # So many calls at once are more than QuickBooks takes in a second.
        CLOCK.pass_by(60.0)
        for _ in range(2):
            books.attach(reference, [Attachment("1-report.txt", b"x", "text/plain")])
        exchanges = at.emulator.application.exchanges
    answers = [json.loads(exchange.answer) for exchange in exchanges]
    (uploaded,) = (each["AttachableResponse"] for each in answers if "AttachableResponse" in each)
    answered = [(k, v) for a in answers for k, v in a.items() if k in {"Preferences", "Department"}]
    listed = [
        (kind, each)
        for answer in answers
        for kind, records in answer.get("QueryResponse", {}).items()
        if kind in {"Class", "Department", "Attachable"}
        for each in records
    ]
    sent = [("JournalEntry", json.loads(e.body)) for e in exchanges if b"ClassRef" in e.body]
    assert {kind for kind, _ in (*answered, *listed, *sent)} == {
        "Preferences", "Department", "Class", "JournalEntry", "Attachable"
    }  # fmt: skip
    assert set(faults(specs, [*answered, *listed, *sent, *uploaded[0].items()])) == {""}
    (line, bare) = sent[0][1]["Line"]
    detail = line["JournalEntryLineDetail"]
    assert (detail["ClassRef"], detail["DepartmentRef"]) == ({"value": "7"}, {"value": "4"})
    assert {"ClassRef", "DepartmentRef"}.isdisjoint(bare["JournalEntryLineDetail"])


@pytest.mark.parametrize("name", sorted(PAIRS))
def test_a_client_that_nobody_here_wrote_reads_tracked_entries(
    quick_home: Settings, tmp_path: Path, name: str
) -> None:
    with opened(name, quick_home, tmp_path) as (at, books):
        books.create_value(PAIRS[name][1][0], "Mugs")
        reference = books.post(tracked(name), 0)
        assert books.inspect(reference, tracked(name)).state == "intact"
        exchanges = [e for e in at.emulator.application.exchanges if "ournal" in e.path]
    entries = [each for answer in parsed(name, exchanges) for each in answer.get("entries", ())]
    assert len(entries) == 2
    for each in entries:
        assert (each["id"], each["errors"]) == (reference, [])
        assert sum(Decimal(amount) for _, amount in each["lines"]) == 0
