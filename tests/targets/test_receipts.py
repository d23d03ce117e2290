"""A day as a sales receipt of QuickBooks, and its payout as a transfer or a deposit."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from connectors.accounting.target import Standing
from mappings.journal.config import MappingConfig
from pipelines.stages.chart_fields import account_problems
from tests.stages.organisation_books import FIRST_DAY
from tests.targets.ledgers import ACCOUNTS
from tests.targets.stands import DAYS, ORGANISATION, RECEIPTS, Stand

pytestmark = pytest.mark.parametrize("stood", [RECEIPTS], indirect=True)
PAID_OUT = DAYS[-1]


def documents(at: Stand, kind: str) -> list[dict[str, Any]]:
    return list(at.ledger.documents[kind].values())


def counts(at: Stand) -> dict[str, int]:
    """How many documents there are of each kind, but for kinds there are none of."""
    listed = {"JournalEntry": at.ledger.entries, **at.ledger.documents}
    return {kind: len(items) for kind, items in listed.items() if items}


def use(at: Stand, accounts: dict[str, str] | None = None, **decisions: Any) -> None:
    """Post by another mapping from now on."""
    named = ACCOUNTS[RECEIPTS] | (accounts or {})
    config = MappingConfig(chart="organisation", accounts=named, **decisions)
    at.registry.mappings.save(
        config.model_dump(mode="json"), config.digest, actor="test", target=ORGANISATION
    )
    at.plan()


def test_a_days_receipt_is_deposited_to_clearing_and_its_payout_transferred(at: Stand) -> None:
    begun = datetime.now(UTC) - timedelta(minutes=1)
    at.send()
    receipts = sorted(documents(at, "SalesReceipt"), key=lambda each: each["TxnDate"])
    assert [(each["TxnDate"], each["TotalAmt"]) for each in receipts] == [
        *(("2026-03-02", 17.0), ("2026-03-03", 17.0), ("2026-03-18", 5.0)),
    ]
    assert {each["DepositToAccountRef"]["value"] for each in receipts} == {"51"}
    lines = [line for line in receipts[0]["Line"] if "SalesItemLineDetail" in line]
    details = {line["Amount"]: line["SalesItemLineDetail"] for line in lines}
    assert {(amount, each["ItemRef"]["name"]) for amount, each in details.items()} == {
        (20.0, "Sales of Product Income (Daybook 79)"),
        (-3.0, "Marketplace Fees (Daybook 90)"),
    }
    assert {each["TaxCodeRef"]["value"] for each in details.values()} == {"NON"}
    assert [each["DisplayName"] for each in at.ledger.lists.customers.values()] == ["Amazon"]
    (transfer,) = documents(at, "Transfer")
    ends = transfer["FromAccountRef"]["value"], transfer["ToAccountRef"]["value"]
    assert (*ends, transfer["Amount"], transfer["TxnDate"]) == ("51", "52", 39.0, "2026-03-18")
    assert transfer["PrivateNote"].endswith("[je:store:2026-03-18:USD#payout-20000000001]")
    assert at.ledger.entries == {}
    assert at.ledger.balances() == {"79": -45, "90": 6, "52": 39}
    (entry,) = (each for each in at.entries() if each.business_date == PAID_OUT)
    holding = at.books.find(entry, None)
    assert holding is not None
    assert at.books.inspect(holding.reference, entry) == Standing("intact")
    # Both of its documents tell a sweep that the entry changed; a shop's own receipts do not.
    references = holding.reference.split()
    assert set(references) <= (at.books.changed_since(begun, references) or set())
    assert at.books.changed_since(begun, ["1001"]) == set()


def test_a_changed_day_leaves_the_match_of_its_payout_alone(at: Stand) -> None:
    at.send()
    (transfer,) = documents(at, "Transfer")
    transfer["LinkedTxn"] = [{"TxnId": "900", "TxnType": "Deposit"}]
    at.change()
    assert at.send().failed == {}
    at.check(3)
    assert (documents(at, "Transfer"), transfer["SyncToken"]) == ([transfer], "0")
    # Taking out half of it would lose the match: nothing goes.
    at.withdraw(PAID_OUT)
    assert "is matched with a bank line" in at.send().failed[PAID_OUT]
    at.check(3)


def test_an_entry_is_edited_where_its_transfer_is_changed_or_gone(at: Stand) -> None:
    at.send()
    (entry,) = (each for each in at.entries() if each.business_date == PAID_OUT)
    holding = at.books.find(entry, None)
    assert holding is not None
    (transfer,) = documents(at, "Transfer")
    transfer["Amount"] = 38.0
    assert at.books.inspect(holding.reference, entry).state == "edited"
    at.ledger.documents["Transfer"].clear()
    assert at.books.inspect(holding.reference, entry).state == "edited"


def test_what_entries_become_may_change_without_a_gap_or_a_double(at: Stand) -> None:
    at.send()
    balances = at.ledger.balances()
    for document, payouts, expected in (
        ("journal", "journal", {"JournalEntry": 3}),
        ("journal", "deposit", {"JournalEntry": 3, "Deposit": 1}),
        ("sales_receipt", "journal", {"SalesReceipt": 3, "JournalEntry": 1}),
        ("sales_receipt", "deposit", {"SalesReceipt": 3, "Deposit": 1}),
        ("journal", "transfer", {"JournalEntry": 3, "Transfer": 1}),
    ):
        use(at, document=document, payouts=payouts)
        assert at.send().failed == {}
        assert (counts(at), at.ledger.balances()) == (expected, balances)
        at.check(3)
    # What a bank line was matched with stays as it is, and is not posted again beside it.
    (transfer,) = documents(at, "Transfer")
    transfer["LinkedTxn"] = [{"TxnId": "900", "TxnType": "Deposit"}]
    use(at, document="journal", payouts="journal")
    assert at.send().failed == {}
    assert (counts(at), at.ledger.balances()) == (expected, balances)


def test_a_loss_is_a_refund_receipt_and_money_taken_back_a_transfer(at: Stand) -> None:
    (entry,) = (each for each in at.entries() if each.business_date == PAID_OUT)
    books = at.books
    for payouts in ("transfer", "deposit"):
        lines = tuple(replace(line, amount=-line.amount) for line in entry.lines)
        loss = replace(entry, entry_id=f"{entry.entry_id}:{payouts}", lines=lines, payouts=payouts)
        reference = books.post(loss, 0)
        (refund,), (transfer,) = documents(at, "RefundReceipt"), documents(at, "Transfer")
        assert (refund["TotalAmt"], transfer["Amount"]) == (5.0, 39.0)
        assert transfer["FromAccountRef"]["value"] == "52"
        assert at.ledger.balances() == {"79": 5, "52": -39, "51": 34}
        # No loss after all: a receipt takes the place of the other kind.
        newer = replace(loss, lines=entry.lines, revision=2, content_hash="newer")
        reference = books.replace(reference, loss, newer, 0)
        assert at.ledger.balances() == {"79": -5, "52": 39, "51": -34}
        kind = {"transfer": "Transfer", "deposit": "Deposit"}[payouts]
        assert counts(at) == {"SalesReceipt": 1, kind: 1}
        books.void(reference, newer)
        assert counts(at) == {}


def test_what_is_refused_half_way_leaves_what_stood_there(at: Stand) -> None:
    # In use when the chart was read, and not when the deposit is made in the transfer's place.
    at.send()
    at.use("payouts", False)
    use(at, document="sales_receipt", payouts="deposit")
    assert list(at.send().failed) == [PAID_OUT]
    at.check(3)
    assert counts(at) == {"SalesReceipt": 3, "Transfer": 1}
    at.use("payouts", True)
    assert at.heal().failed == {}
    at.check(3)
    at.reset()
    at.use("payouts", False)
    failed = at.send()
    assert [*failed.failed, *(p.business_date for p in failed.held)] == [PAID_OUT]
    at.check(2)
    at.use("payouts", True)
    assert at.heal().failed == {}
    at.check(3)


def test_half_an_entry_that_may_still_arrive_is_waited_for(
    at: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The answer about the transfer is lost: it is not made a second time while it may arrive."""
    at.ledger.repeats = "ignore"
    monkeypatch.setattr(type(at.books), "late_seconds", 120.0)
    (entry,) = (each for each in at.entries() if each.business_date == PAID_OUT)
    at.books.post(entry, 0)
    at.ledger.documents["Transfer"].clear()
    assert at.books.find(entry, None, is_settled=False) is None
    assert counts(at) == {"SalesReceipt": 1}
    assert at.books.find(entry, None) is not None
    assert counts(at) == {"SalesReceipt": 1, "Transfer": 1}


def test_a_chart_says_what_takes_no_receipts_and_transfers(at: Stand) -> None:
    chart = at.books.accounts()
    assert chart is not None
    decisions = {"chart": "organisation", "document": "sales_receipt"}
    wrong = {"sales": "79", "clearing": "90", "payouts": "91"}
    for payouts, expected in (
        ("journal", ["accounts.clearing: 90 (Marketplace Fees) is of Expense, and receipts"]),
        ("deposit", ["accounts.clearing", "accounts.clearing", "accounts.payouts: 91 (Sales Tax"]),
        ("transfer", ["accounts.clearing", "accounts.clearing: 90 (Marketplace Fees) is of Exp"]),
    ):
        config = MappingConfig.model_validate({**decisions, "payouts": payouts, "accounts": wrong})
        problems = account_problems(config, chart)
        assert len(problems) == len(expected)
        for problem, beginning in zip(problems, expected, strict=True):
            assert problem.startswith(beginning)
    for accounts, words in (
        ({"clearing": "51"}, "accounts.payouts: a transfer needs the account that payouts go to"),
        ({"clearing": "51", "payouts": "51"}, "accounts.payouts: 51 (Marketplace Clearing) is cl"),
    ):
        config = MappingConfig.model_validate(
            {**decisions, "payouts": "transfer", "accounts": accounts}
        )
        (problem,) = account_problems(config, chart)
        assert problem.startswith(words)


def test_what_the_chart_does_not_take_holds_the_entries_that_need_it(at: Stand) -> None:
    named = dict.fromkeys(("Name", "FullyQualifiedName"), "Other Income")
    at.ledger.accounts["95"] = {**at.ledger.accounts["79"], "Id": "95", **named}
    for accounts, payouts, days, words in (
        ({"payouts": "95"}, "transfer", 1, "accounts.payouts: 95 (Other Income) is of Income, and"),
        ({"payouts": "91"}, "deposit", 1, "accounts.payouts: 91 (Sales Tax Payable) is of Other "),
        ({"clearing": "95"}, "journal", 3, "accounts.clearing: 95 (Other Income) is of Income, "),
    ):
        at.reset()
        use(at, accounts, document="sales_receipt", payouts=payouts)
        sent = at.send()
        assert (len(sent.held), sent.failed) == (days, {})
        listed = at.registry.publications.list(ORGANISATION, states=["held"])
        assert all((p.message or "").startswith(words) for p in listed)
    del at.ledger.accounts["95"]
    use(at, document="sales_receipt", payouts="transfer")
    assert at.heal().failed == {}
    at.check(3)
    # Without an account of payouts, an entry with one is held before anything is sent.
    config = MappingConfig(
        chart="organisation",
        accounts={k: v for k, v in ACCOUNTS[RECEIPTS].items() if k != "payouts"},
        payouts="transfer",
    )
    at.registry.mappings.save(
        config.model_dump(mode="json"), config.digest, actor="test", target=ORGANISATION
    )
    at.plan()
    (held,) = at.registry.publications.list(ORGANISATION, states=["held"])
    assert (held.message or "").startswith("no account for payouts: name one under accounts")


def test_an_item_or_customer_that_cannot_be_used_says_why(at: Stand) -> None:
    at.ledger.lists.clear()
    at.ledger.lists.others.add("Amazon")
    at.send()
    names = [each["DisplayName"] for each in at.ledger.lists.customers.values()]
    assert names == ["Amazon (customer)"]
    at.check(3)
    at.change()
    item = next(e for e in at.ledger.lists.items.values() if e["Name"].endswith("(Daybook 90)"))
    item["Active"] = False
    assert "Marketplace Fees (Daybook 90) is inactive" in at.send().failed[FIRST_DAY]
    item |= {"Active": True, "IncomeAccountRef": {"value": "79"}}
    assert "posts to account 79" in at.send().failed[FIRST_DAY]
    item["IncomeAccountRef"] = {"value": "90", "name": "Marketplace Fees"}
    at.plan()
    assert at.heal().failed == {}
    assert Decimal(0) == sum(at.ledger.balances().values())
