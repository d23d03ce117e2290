"""Journals with tax, as Xero's document and Intuit's schema describe what is sent and answered."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from connectors.accounting import ORGANISATIONS
from connectors.accounting.target import Holding, Opening, OrganisationBooks
from connectors.database.registry.rate_limits import SharedRateLimiter
from connectors.home.settings import Settings
from mappings.model import CLEARING, DEPOSIT, SALES_RECEIPT, JournalEntry, JournalLine
from sandbox.limits import CLOCK
from tests.connectors.accounts.platforms import Desk, desk
from tests.contract.openapi import checked, document
from tests.contract.test_quickbooks import Element, types, undeclared

__all__ = ["types"]


def line(account: str, category: str, amount: str, code: str, tax: str) -> JournalLine:
    treatment = "uk.standard" if Decimal(tax) else "outside"
    amounts = (Decimal(amount), Decimal(tax))
    return JournalLine(
        "activity", account, category, amounts[0], 1, code,
        tax_treatment=treatment, tax_amount=amounts[1],
    )  # fmt: skip


def entry(lines: tuple[JournalLine, ...]) -> JournalEntry:
    return JournalEntry(
        "je:store:2026-03-02:GBP", "store", date(2026, 3, 2), "GBP", "c0de", 1, lines
    )


@contextmanager
def opened(name: str, home: Settings, folder: Path) -> Iterator[tuple[Desk, OrganisationBooks]]:
    with desk(name, home, folder) as at:
        account = at.emulator.first if name == "xero" else at.emulator.second
        fields = at.fields(account)
        zone: dict[str, Any] = {} if name == "xero" else {"timezone": "Europe/London"}
        at.accounts.add(
            name, "Books", fields, account=account, slug="books-gb", actor="test", **zone
        )
        organisation = at.registry.connections.get("books-gb")
        limiter = partial(SharedRateLimiter, at.registry.rate_limits, name, account)
        opening = Opening(
            at.accounts.settings, organisation, at.accounts.access("books-gb"), {}, limiter
        )
        at.emulator.application.exchanges.clear()
        # Connecting does not wait for turns; what it asked has left the platform's second by now.
        CLOCK.pass_by(1.0)
        yield at, ORGANISATIONS[name](opening)


def test_xeros_document_describes_a_journal_with_tax(
    quick_home: Settings, tmp_path: Path, specs: Path
) -> None:
    posted = entry(
        (
            line("200", "sales.principal", "-120.00", "OUTPUT2", "-20.00"),
            line("1100", CLEARING, "120.00", "NONE", "0"),
        )
    )
    with opened("xero", quick_home, tmp_path) as (at, books):
        reference = books.post(posted, 0)
        codes = books.tax_codes()
        assert books.find(posted, None) is not None
        assert codes is not None
        contract = document(specs / "xero" / "xero_accounting.yaml")
        seen = checked(contract, at.emulator.application.exchanges, "/api.xro/2.0")
    assert reference
    assert {"PUT /ManualJournals 200", "GET /TaxRates 200", "GET /ManualJournals 200"} <= seen


def test_intuits_schema_has_every_member_of_a_journal_entry_with_tax(
    quick_home: Settings,
    tmp_path: Path,
    types: dict[str, Element],
) -> None:
    posted = entry(
        (
            line("79", "sales.principal", "-120.00", "2", "-20.00"),
            line("90", "fee.referral", "12.00", "2", "2.00"),
            line("51", CLEARING, "108.00", "6", "0"),
        )
    )
    with opened("quickbooks", quick_home, tmp_path) as (at, books):
        books.post(posted, 0)
        assert books.find(posted, None) is not None
        bodies = [json.loads(e.body) for e in at.emulator.application.exchanges if e.body]
        answers = [json.loads(e.answer) for e in at.emulator.application.exchanges]
    (sent,) = bodies
    assert undeclared(types, "JournalEntry", sent, "JournalEntry") == []
    totals = {
        each["TaxLineDetail"]["TaxRateRef"]["value"]: (
            each["Amount"], each["TaxLineDetail"]["NetAmountTaxable"]
        )
        for each in sent["TxnTaxDetail"]["TaxLine"]
    }  # fmt: skip
    # What is owed of sales, and what is reclaimed of purchases.
    assert totals == {"S11": (20.0, 100.0), "P11": (2.0, 10.0)}
    listed = [
        (name, entity)
        for answer in answers
        for name, entities in answer.get("QueryResponse", {}).items()
        for entity in entities
    ]
    assert {name for name, _ in listed} >= {"TaxCode", "TaxRate", "JournalEntry"}
    for name, entity in listed:
        assert undeclared(types, name, entity, name) == []


def test_intuits_schema_has_every_member_of_a_receipt_with_tax(
    quick_home: Settings, tmp_path: Path, types: dict[str, Element]
) -> None:
    paid = line("35", "transfer.payout", "50.00", "6", "0")
    cleared = line("51", CLEARING, "-50.00", "6", "0")
    day = entry(
        (
            line("79", "sales.principal", "-120.00", "2", "-20.00"),
            line("79", "sales.shipping", "-10.00", "6", "0"),
            line("51", CLEARING, "130.00", "6", "0"),
            *(replace(each, part="payout", settlement_id="7") for each in (paid, cleared)),
        )
    )
    sold = replace(day, document=SALES_RECEIPT, payouts=DEPOSIT)
    refunded = replace(
        sold,
        entry_id=f"{sold.entry_id}:turned",
        lines=tuple(
            replace(each, amount=-each.amount, tax_amount=-(each.tax_amount or 0))
            for each in sold.lines
        ),
    )
    with opened("quickbooks", quick_home, tmp_path) as (at, books):
        for each in (sold, refunded):
            books.post(each, 0)
            assert (books.find(each, None) or Holding("", False)).is_intact
        exchanges = [e for e in at.emulator.application.exchanges if e.body]
    names = {
        name.lower(): name
        for name in ("SalesReceipt", "RefundReceipt", "Deposit", "Transfer", "Item", "Customer")
    }
    bodies = [(names[e.path.rpartition("/")[2]], json.loads(e.body)) for e in exchanges]
    assert {name for name, _ in bodies} == set(names.values())
    for name, body in bodies:
        assert undeclared(types, name, body, name) == []
        answers = [json.loads(e.answer)[name] for e in exchanges if e.path.endswith(name.lower())]
        assert [member for each in answers for member in undeclared(types, name, each, name)] == []
    taxed = [body for name, body in bodies if name in {"SalesReceipt", "RefundReceipt"}]
    for receipt in taxed:
        (rate,) = receipt["TxnTaxDetail"]["TaxLine"]
        assert (rate["Amount"], rate["TaxLineDetail"]["NetAmountTaxable"]) == (20.0, 100.0)
        assert all("TaxCodeRef" in each["SalesItemLineDetail"] for each in receipt["Line"])


@pytest.mark.parametrize("name", ["xero", "quickbooks"])
def test_a_code_without_a_decision_is_refused_before_anything_is_sent(
    quick_home: Settings, tmp_path: Path, name: str
) -> None:
    bare = JournalLine("activity", "200", "sales.principal", Decimal("-1.00"), 1, "OUTPUT2")
    with opened(name, quick_home, tmp_path) as (at, books):
        with pytest.raises(Exception, match="no tax profile says how much tax it is"):
            books.post(entry((bare,)), 0)
        assert at.emulator.application.exchanges == []
