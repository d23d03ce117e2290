"""xero-python and python-quickbooks, which nobody here wrote, read the emulators' answers."""

import json
import os
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from sandbox.faults import Exchange
from tests.targets import reading
from tests.targets.exchanges import PATHS, everything
from tests.targets.ledgers import ACCOUNTS, Held
from tests.targets.stands import INVOICED, RECEIPTS, Stand

READER = Path(sys.prefix) / "readers" / "accounting"
emulated = pytest.mark.parametrize("stood", ["quickbooks", "xero"], indirect=True)


def parsed(name: str, exchanges: list[Exchange]) -> list[dict[str, Any]]:
    """What the platform's library makes of each answer."""
    assert READER.is_dir(), f"`make test` installs it; run it, or `make {READER}/.installed`"
    lines = [json.dumps([name, e.path, e.status, e.answer.decode()]) for e in exchanges]
    process = subprocess.run(
        [sys.executable, reading.__file__],
        input="\n".join(lines),
        env={**os.environ, "PYTHONPATH": str(READER)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert process.returncode == 0, process.stderr[-2000:]
    return [json.loads(line) for line in process.stdout.splitlines()]


@emulated
def test_a_client_that_nobody_here_wrote_reads_every_answer(at: Stand) -> None:
    exchanges = everything(at)
    answers = parsed(at.name, exchanges)
    assert len(answers) == len(exchanges) > 20
    kinds = {answer["kind"] for answer in answers}
    bank = {"xero": {"BankTransactions"}, "quickbooks": {"Deposit", "Transfer", "ExchangeRate"}}[
        at.name
    ]
    others = {
        "xero": {"Organisations", "Accounts", "ManualJournals"},
        "quickbooks": {"Preferences", "Account", "JournalEntry", "QueryResponse", "Fault"},
    }
    assert kinds == bank | others[at.name]
    booked = [line for answer in answers for line in answer.get("bank", ())]
    assert booked == [["17.5", "GBP" if at.name == "xero" else "USD"]] * 2
    if at.name == "xero":
        refused = [e for answer in answers for j in answer.get("entries", ()) for e in j["errors"]]
    else:
        refused = [answer["message"] for answer in answers if answer["kind"] == "Fault"]
    assert refused
    # Every entry is whole there: it balances, and names accounts of the mapping.
    named = {*ACCOUNTS[at.name].values(), "260", "91"}
    for entry in (entry for answer in answers for entry in answer.get("entries", ())):
        assert sum(Decimal(amount) for _, amount in entry["lines"]) == 0
        assert {account for account, _ in entry["lines"]} <= named


@pytest.mark.parametrize("stood", [INVOICED], indirect=True)
def test_a_client_that_nobody_here_wrote_reads_every_invoice(at: Stand) -> None:
    exchanges = everything(at)
    answers = parsed("xero", exchanges)
    assert len(answers) == len(exchanges) > 40
    assert {answer["kind"] for answer in answers} >= {
        *("Invoices", "CreditNotes", "Payments", "Contacts", "ManualJournals")
    }
    documents = [each for answer in answers for each in answer.get("documents", ())]
    assert {each["type"] for each in documents} >= {"ACCREC", "ACCPAY", "ACCRECCREDIT"}
    assert any(each["errors"] for each in documents)
    for each in [each for each in documents if not each["errors"]]:
        amounts = (Decimal(amount) for _, amount in each["lines"])
        assert sum(amounts, Decimal(0)) == Decimal(each["total"])


@pytest.mark.parametrize("stood", [RECEIPTS], indirect=True)
def test_a_client_that_nobody_here_wrote_reads_every_receipt(at: Stand) -> None:
    exchanges = everything(at)
    answers = parsed("quickbooks", exchanges)
    assert len(answers) == len(exchanges) > 40
    assert {answer["kind"] for answer in answers} >= {
        *("SalesReceipt", "RefundReceipt", "Transfer", "Deposit", "Item", "Customer", "Fault")
    }
    documents = [each for answer in answers for each in answer.get("documents", ())]
    assert documents
    for each in documents:
        assert sum(map(Decimal, each["amounts"])) == Decimal(each["total"])
        assert each["clearing"] == ACCOUNTS[RECEIPTS]["clearing"]


@emulated
def test_the_last_answer_of_each_entry_is_what_the_books_hold(at: Stand) -> None:
    assert at.faulty is not None
    begun = len(at.faulty.exchanges)
    at.send()
    at.change()
    at.send()
    exchanges = [e for e in at.faulty.exchanges[begun:] if e.path.startswith(PATHS[at.name])]
    entries = {
        entry["id"]: entry
        for answer in parsed(at.name, exchanges)
        for entry in answer.get("entries", ())
    }
    held = Held()
    for entry in entries.values():
        day = next(d for d in at.held().entries if str(d) == entry["day"])
        held.entries[day] += 1
        for account, amount in entry["lines"]:
            held.add(day, account, Decimal(amount))
    assert held.plain() == at.held().plain()
    assert held.entries == at.held().entries
