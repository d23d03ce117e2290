"""Accounts suggested for a first day: those that are there, else new ones, with reasons."""

from dataclasses import dataclass

import pytest

from mappings.journal.suggestions import NewAccount, Suggestion, kinds_of, suggest
from mappings.taxonomy import chart


@dataclass(frozen=True)
class Owned:
    """An account of somebody's chart."""

    number: str
    name: str
    kind: str
    refusal: str | None = None


# Xero's own chart for a British company, as far as it matters here.
BRITISH = [
    Owned("090", "Business Bank Account", "BANK", "is a bank account"),
    Owned("200", "Sales", "REVENUE"),
    Owned("260", "Other Revenue", "REVENUE"),
    Owned("310", "Cost of Goods Sold", "DIRECTCOSTS"),
    Owned("400", "Advertising & Marketing", "OVERHEADS"),
    Owned("425", "Postage, Freight & Courier", "OVERHEADS"),
    Owned("437", "Interest Paid", "EXPENSE"),
    Owned("820", "VAT", "CURRLIAB"),
    Owned("860", "Rounding", "CURRLIAB"),
    Owned("610", "Accounts Receivable", "CURRENT", "is one of Xero's own accounts"),
    Owned("4001", "Something old", "REVENUE", "is archived"),
]


def suggested(*accounts: Owned, target: str = "xero", **options: object) -> dict[str, Suggestion]:
    listed = suggest(accounts, target, **{"store": "Amazon UK", **options})  # type: ignore[arg-type]
    return {each.role: each for each in listed}


def test_every_role_has_a_suggestion_and_a_reason() -> None:
    for target in ("xero", "quickbooks"):
        listed = suggested(target=target)
        assert list(listed) == list(chart("books"))
        assert all(each.reason for each in listed.values())
        kinds = {kind for group in kinds_of(target).values() for kind in group}
        assert {each.new.kind for each in listed.values() if each.new} <= kinds


@pytest.mark.parametrize(
    ("role", "number", "reason"),
    [
        ("sales", "200", "its name says 'sales', and it is of the type REVENUE"),
        ("advertising", "400", "its name says 'advertising', and it is of the type OVERHEADS"),
        ("shipping_labels", "425", "its name says 'postage', and it is of the type OVERHEADS"),
        ("tax_output", "820", "its name says 'vat', and it is of the type CURRLIAB"),
        ("reimbursements", "260", "its name says 'other revenue', and it is of the type REVENUE"),
        ("interest", "437", "its name says 'interest paid', and it is of the type EXPENSE"),
    ],
)
def test_an_account_that_is_there_for_it_is_taken(role: str, number: str, reason: str) -> None:
    chosen = suggested(*BRITISH)[role]
    assert (chosen.number, chosen.reason, chosen.new) == (number, reason, None)


def test_no_account_is_taken_for_its_type_alone() -> None:
    fees = suggested(*BRITISH)["fee_referral"]
    assert (fees.number, fees.new) == (None, NewAccount("Marketplace fees", "6001", "EXPENSE"))
    # Of a kind that a journal may not touch, however well it is called.
    rounding = suggested(*BRITISH)["rounding"]
    assert rounding.new is not None


def test_a_code_that_is_taken_is_counted_on_from() -> None:
    lacking = [account for account in BRITISH if account.name != "Sales"]
    assert suggested(*lacking)["sales"].new == NewAccount("Marketplace sales", "4002", "REVENUE")
    refunds = suggested(*lacking)["refunds"].new
    assert refunds is not None
    assert refunds.code == "4003"


def test_clearing_is_each_stores_own() -> None:
    other = Owned("1101", "Clearing Etsy", "CURRENT")
    taken = suggested(*BRITISH, other, others=["Etsy"])["clearing"]
    assert taken.new == NewAccount("Clearing Amazon UK", "1102", "CURRENT")
    own = Owned("1107", "clearing amazon uk", "CURRENT")
    chosen = suggested(*BRITISH, other, own, others=["Etsy"])["clearing"]
    assert (chosen.number, chosen.reason) == ("1107", "it has the name of the default chart")


@pytest.mark.parametrize(
    ("country", "name"),
    [
        ("GB", "VAT on marketplace sales and fees"),
        ("US", "Sales tax payable"),
        ("CA", "GST/HST on marketplace sales and fees"),
        (None, "VAT on marketplace sales and fees"),
    ],
)
def test_accounts_are_called_as_in_the_country(country: str | None, name: str) -> None:
    assert suggested(country=country, target="quickbooks")["tax_output"].name == name


def test_what_the_mapping_names_is_kept() -> None:
    chosen = suggested(*BRITISH, named={"sales": "260", "fx": "999"})
    assert (chosen["sales"].number, chosen["sales"].name) == ("260", "Other Revenue")
    assert (chosen["fx"].number, chosen["fx"].reason) == ("999", "the mapping names it")
    assert chosen["sales_shipping"].number == "200"


def test_where_types_are_the_owners_own_a_name_alone_decides() -> None:
    owned = [
        Owned("1", "Sales tax owed", "Owed to the state"),
        Owned("2", "marketplace sales", "Revenue"),
    ]
    listed = suggested(*owned, target="tryton")
    assert (listed["sales"].number, listed["sales"].name) == ("2", "marketplace sales")
    assert list(listed) == list(chart("books"))
    fees = listed["fee_referral"]
    assert (fees.number, fees.new) == (None, None)
    assert fees.reason.endswith("name yours in a mapping file")
    assert listed["tax_output"].number is None


def test_a_name_is_one_that_every_program_takes() -> None:
    account = suggested(target="quickbooks", store='My: "shop" ' + "x" * 200)["clearing"].new
    assert account is not None
    assert len(account.name) == 100
    assert not set(account.name) & set(':"')
