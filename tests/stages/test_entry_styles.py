"""Entries with fewer lines, or in another language: the same money, everywhere."""

import re
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from mappings.journal.config import MappingConfig
from pipelines.stages.drift import check_organisation
from pipelines.stages.explanation import behind, sources
from pipelines.stages.journals import read_entries
from pipelines.stages.organisations import organisation_of, plan_for_organisation
from pipelines.stages.target_proof import prove_at
from sandbox.amazon_files import line, order, report
from tests.channels.house import House
from tests.stages.organisation_books import ACCOUNTS, FIRST_DAY, Books, books

__all__ = ["books"]

DAY = date(2026, 3, 2)


@pytest.fixture
def shop(empty: House) -> House:
    """A day with two kinds of fees, and a payout."""
    at = f"{DAY} 08:00:00 UTC"
    storage = line("FBAFees", "FBA Inventory Storage Fee", "Base fee", "-1.25", at=at)
    period = {"start": "2026-03-01 12:00:00 UTC", "end": "2026-03-15 12:00:00 UTC"}
    empty.take(report([*order(at=at), storage], **period, deposit="2026-03-18 12:00:00 UTC"))
    empty.normalise()
    return empty


def book(house: House, **fields: Any) -> tuple[dict[str, str], dict[str, Decimal], str]:
    """Publish under a mapping: the entries' hashes, balances by account, and the first day."""
    accounts = {"fee_referral": "Expenses:Fees", "fee_storage": "Expenses:Fees"}
    config = MappingConfig.model_validate({"accounts": accounts, **fields})
    house.workspace.registry.mappings.save(
        config.model_dump(mode="json"), config.digest, "store", actor="test"
    )
    built = house.journal()
    assert not built.failed
    house.publish()
    house.check_books()
    (proof,) = house.prove()
    assert (proof.state, proof.difference) == ("tied", 0)
    text = house.books()
    balances: dict[str, Decimal] = {}
    for account, amount in re.findall(r"^  ([A-Z]\S+)\s+(-?[\d.]+) USD$", text, re.M):
        balances[account] = balances.get(account, Decimal(0)) + Decimal(amount)
    first = next(each for each in text.split("\n\n") if each.startswith(f"{DAY} *"))
    hashes = {e.entry_id: e.content_hash for day in built.days.values() for e in day}
    return hashes, balances, first


def test_the_books_have_one_line_an_account_and_every_cent(shop: House) -> None:
    plain, balances, first = book(shop)
    assert first.count("Expenses:Fees ") == 2
    by_category = shop.rows("journal_lines")
    grouped, regrouped, merged = book(shop, grouping="account")
    assert regrouped == balances
    assert merged.count("Expenses:Fees ") == 1
    assert 'category: "fee.referral, fee.storage"' in merged
    assert plain.keys() == grouped.keys()
    assert all(plain[entry] != grouped[entry] for entry in plain)
    # The warehouse and explanations keep the lines by category.
    columns = ("entry_id", "line", "account", "category", "amount")
    assert [{n: row[n] for n in columns} for row in shop.rows("journal_lines")] == [
        {n: row[n] for n in columns} for row in by_category
    ]
    (entry,) = read_entries(shop.workspace, "store", [DAY], {})
    rows = sources(shop.workspace, shop.connection, DAY)
    assert all(behind(each, entry, rows) for each in entry.lines)
    assert book(shop)[0] == plain


def test_the_books_are_in_the_language_of_their_mapping(shop: House) -> None:
    plain, balances, _ = book(shop)
    german, translated, first = book(shop, language="de")
    assert translated == balances
    assert '"Tagesjournal 2026-03-02"' in first
    assert 'category: "fee.referral"' in first
    assert '"Auszahlung ' in shop.books()
    assert "Daily journal" not in shop.books()
    assert set(plain.values()).isdisjoint(german.values())
    assert book(shop, language="en")[0] == plain


def test_an_organisation_has_merged_lines_in_its_language_and_knows_them_again(
    books: Books,
) -> None:
    accounts = {**ACCOUNTS[books.name], "sales": ACCOUNTS[books.name]["fee_referral"]}
    fields = {"grouping": "account", "language": "de", "accounts": accounts}
    config = MappingConfig.model_validate({"chart": "organisation", **fields})
    workspace = books.house.workspace
    workspace.registry.mappings.save(
        config.model_dump(mode="json"), config.digest, actor="test", target="harbour"
    )
    books.take(books.settlement())
    assert books.send().failed == {}
    if books.name == "xero":
        entry = next(j for j in books.ledger.live if j["day"] == str(FIRST_DAY))
        note, lines = entry["Narration"], entry["JournalLines"]
    else:
        entry = next(e for e in books.ledger.live if e["TxnDate"] == str(FIRST_DAY))
        note, lines = entry["PrivateNote"], entry["Line"]
    assert note.startswith("Store: Tagesjournal 2026-03-02 [je:store:2026-03-02:")
    (settlement,) = books.house.store.settlements
    assert {each["Description"] for each in lines} == {
        "Verkaufsprovision, Verkäufe",
        f"Verrechnung, Abrechnung {settlement.settlement_id}",
    }
    organisation = organisation_of(workspace, books.house.connection)
    assert organisation is not None
    (proof,) = prove_at(workspace, books.house.connection, organisation)
    assert (proof.state, proof.difference) == ("tied", 0)
    assert check_organisation(workspace, organisation) == []
    # Back to one line a category, in place.
    plain = MappingConfig.model_validate({"chart": "organisation", "accounts": accounts})
    workspace.registry.mappings.save(
        plain.model_dump(mode="json"), plain.digest, actor="test", target="harbour"
    )
    plan_for_organisation(books.house.store, workspace.lake.days("transactions", "store"))
    assert books.send().failed == {}
    assert len(books.ledger.live) == 3
    assert set(books.markers.values()) == {1}
