"""A day as an invoice of Xero that is paid into clearing at once, and its payout as a journal."""

from datetime import UTC, datetime, timedelta

import pytest

from connectors.accounting.target import Standing
from mappings.journal.config import MappingConfig
from pipelines.stages.chart_fields import account_problems
from tests.stages.organisation_books import FIRST_DAY
from tests.targets.ledgers import ACCOUNTS
from tests.targets.stands import DAYS, INVOICED, Stand

pytestmark = pytest.mark.parametrize("stood", [INVOICED], indirect=True)
PAID_OUT = DAYS[-1]


def test_a_days_invoice_is_paid_into_clearing_and_its_payout_is_beside_it(at: Stand) -> None:
    at.send()
    documents = sorted(at.ledger.documents, key=lambda item: item["day"])
    assert [(d["day"], d["Type"], d["Status"], d["Total"]) for d in documents] == [
        ("2026-03-02", "ACCREC", "PAID", 17.0),
        ("2026-03-03", "ACCREC", "PAID", 17.0),
        ("2026-03-18", "ACCREC", "PAID", 5.0),
    ]
    assert [d["Reference"] for d in documents] == [d["InvoiceNumber"] for d in documents]
    (journal,) = at.ledger.live
    assert f"[{documents[-1]['InvoiceNumber']}]" in journal["Narration"]
    # Receivables and clearing are empty, and the payout is on its way.
    assert at.ledger.balances() == {"200": -45, "404": 6, "877": 39}
    begun = datetime.now(UTC) - timedelta(minutes=1)
    (entry,) = (each for each in at.entries() if each.business_date == PAID_OUT)
    holding = at.books.find(entry, None)
    assert holding is not None
    assert at.books.inspect(holding.reference, entry) == Standing("intact")
    # Both of its documents tell a sweep that the entry changed.
    assert set(holding.reference.split()) <= (at.books.changed_since(begun) or set())


def test_an_entry_is_edited_where_its_payment_or_journal_is_gone(at: Stand) -> None:
    at.send()
    (entry,) = (each for each in at.entries() if each.business_date == PAID_OUT)
    holding = at.books.find(entry, None)
    assert holding is not None
    (journal,) = at.ledger.live
    journal["Status"] = "VOIDED"
    assert at.books.inspect(holding.reference, entry).state == "edited"
    journal["Status"] = "POSTED"
    (invoice,) = (d for d in at.ledger.documents if d["day"] == str(PAID_OUT))
    invoice |= {"Payments": [], "Status": "AUTHORISED"}
    assert at.books.inspect(holding.reference, entry).state == "edited"


def test_a_payment_that_is_refused_leaves_nothing_there_and_what_stood_there_as_it_was(
    at: Stand,
) -> None:
    clearing = at.ledger.accounts[ACCOUNTS["xero"]["clearing"]]
    clearing["EnablePaymentsToAccount"] = False
    chart = at.books.accounts()
    assert chart is not None
    config = MappingConfig(
        chart="organisation", accounts=ACCOUNTS["xero"], document="invoice", mode="daily"
    )
    (problem,) = account_problems(config, chart)
    assert problem.startswith("accounts.clearing: 1100 (Marketplace Clearing) takes no payments")
    assert "Account type is invalid" in at.send().failed[FIRST_DAY]
    at.check(0)
    clearing["EnablePaymentsToAccount"] = True
    assert at.heal().failed == {}
    at.check(3)
    # A newer revision is refused half-way: the invoice of before is back, and paid again later.
    clearing["EnablePaymentsToAccount"] = False
    at.change()
    assert set(at.send().failed) == set(DAYS)
    assert {line["AccountCode"] for d in at.ledger.documents for line in d["LineItems"]} == {
        "200",
        "404",
    }
    clearing["EnablePaymentsToAccount"] = True
    assert at.heal().failed == {}
    at.check(3)
