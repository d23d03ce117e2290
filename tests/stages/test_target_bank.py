"""An organisation's own bank account tells that a payout arrived."""

from datetime import date
from decimal import Decimal

import pytest

from connectors.errors import BadInput
from pipelines.stages.bank import BankImport
from pipelines.stages.organisations import organisation_of
from pipelines.stages.target_bank import import_from_organisation
from sandbox.bank_lines import bank_transaction, deposit, transfer
from tests.stages.organisation_books import CURRENCIES, Books, books

__all__ = ["books"]
BANKS = {"xero": "090", "quickbooks": "35"}
ARRIVED, TODAY = date(2026, 3, 20), date(2026, 3, 31)


def imported(books: Books, number: str | None = None) -> BankImport:
    workspace = books.house.workspace
    organisation = organisation_of(workspace, books.house.connection)
    assert organisation is not None
    bank = BANKS[books.name] if number is None else number
    return import_from_organisation(workspace, organisation, bank, "ann", TODAY)


def record(books: Books, day: date, amount: Decimal, text: str, **options: bool) -> None:
    """Somebody books money at the bank there."""
    ledger, bank = books.ledger, BANKS[books.name]
    if books.name == "xero":
        account = ledger.accounts[bank]
        document = bank_transaction(account, day, amount, CURRENCIES[books.name], text, **options)
        ledger.bank_transactions.append(document)
    elif amount > 0:
        deposits = ledger.sales.setdefault("Deposit", [])
        deposits.append(deposit(str(300 + len(deposits)), bank, day, amount, text))
    else:
        transfers = ledger.sales.setdefault("Transfer", [])
        number = str(400 + len(transfers))
        transfers.append(transfer(number, bank, "51", day, -amount, text))


def bank_dates(books: Books) -> set[date | None]:
    return {proof.bank_date for proof in books.house.prove()}


def test_a_payout_is_in_the_bank_as_the_organisation_tells(books: Books) -> None:
    registry = books.house.workspace.registry
    # Nothing is asked for where no payout is awaited.
    assert imported(books) == BankImport(0, 0, 0)
    books.take(books.settlement())
    payout = books.house.store.settlements[0].payout
    assert payout is not None
    record(books, ARRIVED, payout - 1, "another sum")
    record(books, date(2026, 2, 1), payout, "long before")
    record(books, ARRIVED, -payout, "paid back")
    assert imported(books) == BankImport(2, 2, 0)
    assert bank_dates(books) == {None}
    record(books, ARRIVED, payout, "AMAZON 20000000001")
    assert imported(books) == BankImport(3, 1, 1)
    assert bank_dates(books) == {ARRIVED}
    # Nothing is awaited any more, so nothing is read.
    calls = len(books.platform.application.exchanges)
    assert imported(books) == BankImport(0, 0, 0)
    paths = [e.path for e in books.platform.application.exchanges[calls:]]
    assert not any("BankTransactions" in path for path in paths)
    lines = {(line.account, line.amount, line.currency) for line in registry.bank_lines.list()}
    account = f"harbour {BANKS[books.name]}"
    assert lines == {
        (account, amount, CURRENCIES[books.name]) for amount in (payout, payout - 1, -payout)
    }
    with pytest.raises(BadInput, match=r"no bank account '51': name one with --account, of "):
        imported(books, "51")


def test_what_is_only_expected_at_the_bank_is_no_arrival(books: Books) -> None:
    books.take(books.settlement())
    payout = books.house.store.settlements[0].payout
    assert payout is not None
    if books.name == "xero":
        record(books, ARRIVED, payout, "expected", is_reconciled=False)
        record(books, ARRIVED, payout, "void")
        books.ledger.bank_transactions[-1]["Status"] = "VOIDED"
        record(books, ARRIVED, payout, "of another account")
        books.ledger.bank_transactions[-1]["BankAccount"]["Code"] = "091"
    else:
        record(books, ARRIVED, payout, "of Daybook [je:store:2026-03-18:USD#1]")
        note = books.ledger.sales["Deposit"][-1]["Line"][0].pop("Description")
        books.ledger.sales["Deposit"][-1]["PrivateNote"] = note
        record(books, ARRIVED, payout, "of another account")
        books.ledger.sales["Deposit"][-1]["DepositToAccountRef"]["value"] = "36"
    assert imported(books) == BankImport(0, 0, 0)
    assert bank_dates(books) == {None}
