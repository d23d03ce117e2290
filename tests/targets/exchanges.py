"""All that posting says to a platform and hears of it: every call, and refusals of each kind."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

from connectors.accounting.target import BankReader, RateReader
from mappings.model import CREDIT_NOTE, DEPOSIT, INVOICE, SALES_RECEIPT
from sandbox.bank_lines import bank_transaction, deposit, transfer
from sandbox.faults import Exchange
from tests.stages.organisation_books import FIRST_DAY
from tests.targets.stands import DOCUMENTS, INVOICED, RECEIPTS, Stand

PATHS = {
    **{"xero": "/api.xro/2.0/", INVOICED: "/api.xro/2.0/"},
    **{"quickbooks": "/v3/company/", RECEIPTS: "/v3/company/"},
}
LOSSES = {INVOICED: (INVOICE, CREDIT_NOTE), RECEIPTS: (SALES_RECEIPT,)}


def everything(at: Stand) -> list[Exchange]:
    """Post, replace, take out, find and look up, with what an emulator refuses of each."""
    assert at.faulty is not None
    begun = len(at.faulty.exchanges)
    at.send()
    assert at.books.accounts()
    _read_bank(at)
    at.change()
    at.send()
    at.edit(FIRST_DAY)
    at.withdraw(FIRST_DAY)
    at.send()
    at.reset()
    if at.name in DOCUMENTS:
        _lose(at)
    # An account that is not in use: a refusal in the platform's words.
    at.use("fee_referral", False)
    at.send()
    at.use("fee_referral", True)
    at.heal()
    entry = at.entries()[0]
    assert at.books.find(entry, None) is not None
    at.withdraw(FIRST_DAY)
    at.send()
    assert at.books.find(entry, None) is None
    return [e for e in at.faulty.exchanges[begun:] if e.path.startswith(PATHS[at.name])]


def _lose(at: Stand) -> None:
    """Make what a day of losses is, and take it out again; a deposit as well."""
    first = at.entries()[0]
    lines = tuple(replace(line, amount=-line.amount) for line in first.lines)
    for document in LOSSES[at.name]:
        entry_id = f"{first.entry_id}:{document}"
        loss = replace(first, entry_id=entry_id, document=document, lines=lines)
        at.books.void(at.books.post(loss, 0), loss)
    if at.name == RECEIPTS:
        last = at.entries()[-1]
        paid = replace(last, entry_id=f"{last.entry_id}:{DEPOSIT}", payouts=DEPOSIT)
        at.books.void(at.books.post(paid, 0), paid)


def _read_bank(at: Stand) -> None:
    """Read what arrived at the bank there, as the platform's owner books it, and rates."""
    day, amount = date(2026, 3, 20), Decimal("17.50")
    if at.name in {"xero", INVOICED}:
        account = at.ledger.accounts["090"]
        at.ledger.bank_transactions += [
            bank_transaction(account, day, each, "GBP", "AMAZON") for each in (amount, -amount)
        ]
    else:
        at.ledger.sales["Deposit"] = [deposit("301", "35", day, amount, "AMAZON")]
        at.ledger.sales["Transfer"] = [transfer("401", "35", "51", day, amount, "back")]
        at.ledger.rates["EUR", str(day)] = "1.2"
        assert isinstance(at.books, RateReader)
        (rate,) = at.books.exchange_rates({"EUR", "JPY"}, [day])
        assert (rate.base, rate.rate) == ("EUR", Decimal("1.2"))
    books = at.books
    assert isinstance(books, BankReader)
    lines = books.bank_lines("090" if at.name in {"xero", INVOICED} else "35", day, day)
    assert [line.amount for line in lines] == [amount, -amount]
