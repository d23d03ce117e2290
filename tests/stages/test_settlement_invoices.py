"""A settlement as an invoice of Xero, left open for the deposit; a loss as bill or credit note."""

from collections import Counter
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from connectors.accounting.target import BankReader
from connectors.database.registry import Connection
from mappings.journal.config import MappingConfig
from pipelines.stages.drift import check_organisation
from pipelines.stages.exchange_rates import import_rates
from pipelines.stages.mapping_checks import OrganisationChart
from pipelines.stages.organisations import (
    open_organisation,
    organisation_of,
    plan_for_organisation,
)
from pipelines.stages.target_proof import prove_at
from sandbox.amazon_files import Line, order, report
from sandbox.xero_payments import match_deposit
from tests.stages.organisation_books import ACCOUNTS, Books, books, settlement
from tests.stages.test_settlement_mode import two_months

__all__ = ["books"]
CLEARING, RECEIVABLE = ACCOUNTS["xero"]["clearing"], "610"
FX = {"260": Decimal("-2.72")}
only_xero = pytest.mark.parametrize("books", ["xero"], indirect=True)


def choose(books: Books, **decisions: Any) -> None:
    accounts = ACCOUNTS["xero"] | {"carried_forward": "260"}
    document = {"chart": "organisation", "accounts": accounts, "mode": "settlement"}
    config = MappingConfig.model_validate({**document, "document": "invoice", **decisions})
    books.house.workspace.registry.mappings.save(
        config.model_dump(mode="json"), config.digest, actor="test", target="harbour"
    )


def organisation_at(books: Books) -> Connection:
    organisation = organisation_of(books.house.workspace, books.house.connection)
    assert organisation is not None
    return organisation


def plan(books: Books) -> None:
    plan_for_organisation(books.house.store, list(books.house.window))


def documents(books: Books) -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = books.ledger.documents
    return sorted(listed, key=lambda item: item["day"])


def one_order(fee: str, currency: str = "GBP", *more: Line) -> str:
    """A settlement of one order of 20.00, which its fee may turn into a loss, and more lines."""
    return report(
        [*order("111-0000001-0000001", at="2026-03-02 08:00:00 UTC", fee=fee), *more],
        currency=currency,
        start="2026-03-01 12:00:00 UTC",
        end="2026-04-08 12:00:00 UTC",
        deposit="2026-04-10 12:00:00 UTC",
    )


@only_xero
def test_each_month_is_an_invoice_and_the_deposit_pays_all_of_them(books: Books) -> None:
    choose(books)
    books.take(two_months("GBP"))
    sent = books.send()
    assert (len(sent.posted), sent.failed) == (2, {})
    march, april = documents(books)
    assert [(d["day"], d["Type"], d["Total"]) for d in (march, april)] == [
        ("2026-03-31", "ACCREC", 34.0),
        ("2026-04-10", "ACCREC", 47.0),
    ]
    # The deposit is matched with it: open, under the settlement's number, owed by the marketplace.
    for document in (march, april):
        assert (document["Status"], document["Payments"]) == ("AUTHORISED", [])
        assert (document["Reference"], document["Contact"]["Name"]) == ("20000000001", "Amazon")
        assert document["LineAmountTypes"] == "NoTax"
        number = f"je:store:{document['day']}:GBP:settlement-20000000001#1"
        assert document["InvoiceNumber"] == number
        assert document["LineItems"][0]["Description"].endswith(f" [{number}]")
    assert Counter(line["LineAmount"] for line in march["LineItems"]) == {40.0: 1, -6.0: 1}
    assert books.ledger.journals == {}
    assert books.ledger.balances() == {"200": -90, "404": 9, RECEIVABLE: 81}
    assert books.send().posted == []
    organisation = organisation_at(books)
    (proof,) = prove_at(books.house.workspace, books.house.connection, organisation)
    assert (proof.state, proof.difference, proof.outstanding) == ("tied", 0, 0)
    for document in (march, april):
        match_deposit(books.ledger, document["InvoiceID"], "090")
    assert books.ledger.balances() == {"200": -90, "404": 9, "090": 81}
    drifts = check_organisation(books.house.workspace, organisation)
    assert [drift.state for drift in drifts] == ["matched", "matched"]


@only_xero
def test_a_restated_settlement_is_rewritten_where_it_stands_until_it_is_paid(books: Books) -> None:
    choose(books)
    books.take(two_months("GBP"))
    books.send()
    ids = {document["InvoiceID"] for document in documents(books)}
    books.take(two_months("GBP", "25.00"), "restated.txt")
    assert [p.revision for p in books.send().posted] == [2, 2]
    assert {document["InvoiceID"] for document in documents(books)} == ids
    assert books.sales == -95
    match_deposit(books.ledger, documents(books)[0]["InvoiceID"], "090")
    books.take(two_months("GBP", "27.00"), "again.txt")
    assert books.send().failed == {}
    # What the deposit was matched with stays; the difference is a journal beside it.
    assert books.sales == -97
    (journal,) = books.ledger.live
    assert "settlement-20000000001:c3#3]" in journal["Narration"]
    assert documents(books)[0]["Status"] == "PAID"


@only_xero
@pytest.mark.parametrize(
    ("credit_note", "kind"), [(False, "ACCPAY"), (True, "ACCRECCREDIT")], ids=["bill", "credit"]
)
def test_a_negative_settlement_is_a_bill_or_a_credit_note(
    books: Books, credit_note: bool, kind: str
) -> None:
    choose(books, credit_note=credit_note)
    april = order("111-0000002-0000002", at="2026-04-02 08:00:00 UTC", price="50.00")
    books.take(one_order("-30.00", "GBP", *april))
    assert books.send().failed == {}
    document, invoice = documents(books)
    assert (document["Type"], document["Total"]) == (kind, 10.0)
    assert (invoice["Type"], invoice["Total"]) == ("ACCREC", 47.0)
    # A bill drops its reference; number and text have the marker.
    assert document.get("Reference") == ("20000000001" if credit_note else None)
    number = document["CreditNoteNumber" if credit_note else "InvoiceNumber"]
    assert document["LineItems"][0]["Description"].endswith(f" [{number}]")
    # No loss after all: the invoice takes the place of the other kind, and back again.
    for fee, total in (("-3.00", 17.0), ("-25.00", 5.0)):
        books.take(one_order(fee, "GBP", *april), f"restated{fee}.txt")
        assert books.send().failed == {}
        document, invoice = documents(books)
        assert (document["Total"], invoice["Total"]) == (total, 47.0)
    assert document["Type"] == kind


@only_xero
def test_a_shortfall_that_the_next_settlement_brings_forward_is_no_debt(books: Books) -> None:
    choose(books)
    books.take(one_order("-30.00").replace("2026-04-", "2026-03-"))
    assert books.send().failed == {}
    (document,) = documents(books)
    assert (document["Type"], document["Total"], document["Payments"]) == ("ACCREC", 0.0, [])
    assert books.ledger.balances() == {"200": -20, "404": 30, "260": -10}
    plan(books)
    assert books.send().posted == []


@only_xero
def test_what_is_taken_out_and_comes_again_has_another_number(books: Books) -> None:
    choose(books)
    books.take(one_order("-3.00"))
    books.send()
    (document,) = documents(books)
    registry = books.house.workspace.registry
    registry.publications.withdraw("harbour", "store", [document["InvoiceNumber"][:-2]])
    assert len(books.send().removed) == 1
    assert documents(books) == []
    plan(books)
    assert books.send().failed == {}
    assert len(documents(books)) == 1


@only_xero
def test_a_foreign_settlement_is_an_invoice_in_its_currency_where_the_organisation_has_it(
    books: Books,
) -> None:
    choose(books)
    books.take(one_order("-3.00", "EUR"))
    assert [p.message for p in books.send().held] == [None]
    (held,) = books.house.workspace.registry.publications.list("harbour", states=["held"])
    assert held.message == (
        "document: the organisation has no currency EUR: add it there, or convert entries with "
        "`currency` in the mapping, then publish again"
    )
    books.ledger.currencies.add("EUR")
    assert books.send().failed == {}
    (document,) = documents(books)
    assert (document["CurrencyCode"], document["Total"]) == ("EUR", 17.0)


@only_xero
@pytest.mark.parametrize("mode", ["daily", "settlement"])
def test_foreign_invoices_keep_their_currency_and_come_to_what_is_converted(
    books: Books, mode: str
) -> None:
    rates = "date,from,to,rate\n2026-03-02,EUR,GBP,0.8\n2026-03-18,EUR,GBP,0.88\n"
    import_rates(books.house.workspace, "house", "rates.csv", rates.encode(), "ann")
    accounts = ACCOUNTS["xero"] | dict.fromkeys(("fx", "rounding"), "260")
    to = {"to": "GBP", "rates": "house"}
    choose(books, mode=mode, accounts=accounts, currency=to | {"invoices": "own"})
    books.take(settlement("EUR"))
    assert len(books.send().held) == (2 if mode == "daily" else 1)
    books.ledger.currencies.add("EUR")
    assert books.send().failed == {}
    first = documents(books)[0]
    assert (first["CurrencyCode"], first["Total"]) == ("EUR", 17.0 if mode == "daily" else 34.0)
    assert first["CurrencyRate"] == (1.25 if mode == "daily" else 1.136364)
    own = books.ledger.balances()
    if mode == "daily":
        # Paid at once into clearing, which its payout empties with the realised difference.
        assert own == {"200": -32, "404": Decimal("4.80"), "877": Decimal("29.92"), **FX}
    assert books.send().posted == []
    (proof,) = prove_at(books.house.workspace, books.house.connection, organisation_at(books))
    assert (proof.state, proof.posted) == ("tied", 34)
    # The same is booked where they are converted, in the place of what stood there.
    choose(books, mode=mode, accounts=accounts, currency=to)
    plan(books)
    assert books.send().failed == {}
    assert {document["CurrencyCode"] for document in documents(books)} == {"GBP"}
    if mode == "daily":
        assert books.ledger.balances() == own


@only_xero
def test_a_journal_that_becomes_an_invoice_leaves_no_double(books: Books) -> None:
    workspace = books.house.workspace
    settings = workspace.settings.model_copy(update={"public_url": "https://books.example/day"})
    books.house.workspace = replace(workspace, settings=settings)
    choose(books, document="journal")
    books.take(two_months("GBP"))
    books.send()
    # Each links to its page of the console.
    pages = [
        f"https://books.example/day/journals/store/{day}" for day in ("2026-03-31", "2026-04-10")
    ]
    assert sorted(journal["Url"] for journal in books.ledger.live) == pages
    choose(books)
    plan(books)
    assert books.send().failed == {}
    assert (len(books.ledger.live), [d["Url"] for d in documents(books)]) == (0, pages)
    choose(books, document="journal")
    plan(books)
    assert books.send().failed == {}
    assert (len(books.ledger.live), len(documents(books))) == (2, 0)


@pytest.mark.parametrize("books", ["quickbooks"], indirect=True)
def test_each_month_is_a_receipt_of_quickbooks_and_the_payout_a_transfer_to_the_bank(
    books: Books,
) -> None:
    tracking = [
        {"dimension": "class", "value": "Online"},
        {"dimension": "location", "value": "Harbour"},
    ]
    books.ledger.accounts["53"] = {**books.ledger.accounts["52"], "Id": "53", "Name": "Carried"}
    accounts = ACCOUNTS["quickbooks"] | {"carried_forward": "53", "payouts": "35"}
    receipts = {"document": "sales_receipt", "payouts": "transfer", "tracking": tracking}
    choose(books, accounts=accounts, **receipts)
    books.take(two_months("USD"))
    sent = books.send()
    assert (len(sent.posted), sent.failed) == (2, {})
    made = books.ledger.documents
    march, april = sorted(made["SalesReceipt"].values(), key=lambda each: each["TxnDate"])
    # What the later month pays out is carried there.
    assert (march["TotalAmt"], april["TotalAmt"]) == (34.0, 81.0)
    assert march["DepositToAccountRef"]["value"] == "53"
    for receipt in (march, april):
        assert receipt["DepartmentRef"] == {"value": "3", "name": "Harbour"}
        details = [e["SalesItemLineDetail"] for e in receipt["Line"][:-1]]
        classes = {
            (e["ItemAccountRef"]["name"], e.get("ClassRef", {}).get("name")) for e in details
        }
        assert classes - {("Carried", None)} == {
            *(("Sales of Product Income", "Online"), ("Marketplace Fees", "Online"))
        }
    (transfer,) = made["Transfer"].values()
    assert (transfer["Amount"], transfer["ToAccountRef"]["value"]) == (81.0, "35")
    assert "ClassRef" not in transfer
    assert books.ledger.balances() == {"79": -90, "90": 9, "35": 81}
    workspace, organisation = books.house.workspace, organisation_at(books)
    (proof,) = prove_at(workspace, books.house.connection, organisation)
    assert (proof.state, proof.difference, proof.outstanding) == ("tied", 0, 0)
    assert check_organisation(workspace, organisation, whole=True) == []
    # Its owner matches the bank's line: that proves the payout, and no restatement undoes it.
    opened, paid_out = open_organisation(workspace, organisation), date(2026, 4, 10)
    assert isinstance(opened, BankReader)
    assert list(opened.bank_lines("35", paid_out, paid_out)) == []
    transfer["LinkedTxn"] = [{"TxnId": "900", "TxnType": "Deposit"}]
    (arrived,) = opened.bank_lines("35", paid_out, paid_out)
    assert (arrived.amount, "20000000001" in arrived.text) == (81, True)
    drifts = check_organisation(workspace, organisation, whole=True)
    assert [drift.state for drift in drifts] == ["matched"]
    books.take(two_months("USD", "25.00"), "restated.txt")
    assert books.send().failed == {}
    assert (transfer["Amount"], transfer["SyncToken"]) == (81.0, "0")
    assert books.ledger.balances() == {"79": -95, "90": 9, "35": 86}
    del transfer["LinkedTxn"]
    transfer["ToAccountRef"] = {"value": "52"}
    states = {drift.state for drift in check_organisation(workspace, organisation, whole=True)}
    assert states == {"edited"}
    (proof,) = prove_at(workspace, books.house.connection, organisation)
    assert proof.state == "differs"


@pytest.mark.parametrize("books", ["quickbooks"], indirect=True)
def test_other_programs_take_no_invoices(books: Books) -> None:
    config = MappingConfig.model_validate({"chart": "organisation", "document": "invoice"})
    opened = open_organisation(books.house.workspace, organisation_at(books))
    chart = OrganisationChart(books.house.workspace, opened)
    assert chart.problems(config, []) == [
        "document: the organisation takes no invoices: leave it out"
    ]
    # A mapping of before, or saved for every organisation, posts nothing of another kind.
    books.house.workspace.registry.mappings.save(
        config.model_copy(update={"accounts": ACCOUNTS["quickbooks"]}).model_dump(mode="json"),
        config.digest,
        actor="test",
        target="harbour",
    )
    books.take(books.settlement())
    reasons = set(books.send().failed.values())
    assert all(reason.endswith("leave `document` out of the mapping") for reason in reasons)
    assert (len(reasons), books.ledger.live) == (3, [])
