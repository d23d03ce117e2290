"""Where the channels' own words belong, written out by hand from the accounting reference."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from connectors.accounting.beancount.syntax import checked_account
from mappings.channels import SEPARATOR, Classification, classify, matched_by, rules
from mappings.journal.config import MappingConfig, through
from mappings.model import GATEWAY
from mappings.taxonomy import categories
from tests.mappings.expected_categories import AMAZON_V1, AMAZON_V2, ETSY, OTHER

EXPECTED = [
    *(("amazon", *item) for item in {**AMAZON_V2, **AMAZON_V1}.items()),
    *(("etsy", *item) for item in ETSY.items()),
]
WORDS = sorted({word for name in rules("amazon") for word in name} | {"Moon", "", "a/b", "x: y"})


def test_every_known_word_is_placed_as_the_reference_says() -> None:
    categories = {(c, name): classify(c, [name])[0].category for c, name, _ in EXPECTED}
    assert categories == {(c, name): category for c, name, category in EXPECTED}


def test_case_and_blanks_do_not_matter() -> None:
    for channel, name, category in EXPECTED:
        for written in (name.upper(), name.lower(), name.replace(SEPARATOR, f" {SEPARATOR} ")):
            assert classify(channel, [written])[0].category == category, written


@pytest.mark.parametrize(
    "name",
    ["Order / ItemPrice / Tax", "Order / ItemPrice / ShippingTax", "Refund / ItemPrice / Tax"],
)
def test_tax_is_the_marketplaces_where_it_withheld_it(name: str) -> None:
    (placed,) = classify("amazon", [name])
    assert (placed.category, placed.if_withheld) == ("tax.seller_collected", "tax.facilitator_in")


def test_a_loan_is_an_advance_when_it_comes_in() -> None:
    (placed,) = classify("amazon", [f"{OTHER}Amazon Capital Services"])
    assert (placed.category, placed.if_positive) == ("loan.repayment", "loan.advance")


@pytest.mark.parametrize("channel", ["amazon", "etsy"])
@given(words=st.lists(st.one_of(st.sampled_from(WORDS), st.text(max_size=12)), max_size=4))
def test_every_word_has_exactly_one_place(channel: str, words: list[str]) -> None:
    name = SEPARATOR.join(words)
    (placed,) = classify(channel, [name])
    assert placed.source_type == name
    assert placed.category in categories()
    assert classify(channel, [name, name]) == [placed, placed]


def test_what_no_rule_names_is_unclassified_until_the_owner_places_it() -> None:
    name = f"{OTHER}Moon Landing Surcharge"
    assert classify("amazon", [name]) == [Classification(name, "unclassified")]
    own = {name.upper(): "fee.other"}
    assert classify("amazon", [name], own) == [Classification(name, "fee.other")]


@pytest.mark.parametrize(
    "rule",
    [
        f"{OTHER}Moon Landing Surcharge",
        f"{OTHER}Moon*",
        f"{OTHER}*",
        "other-transaction / * / Moon Landing Surcharge",
        "* / * / moon landing *",
        "other-transaction*",
        "other-transaction / *",
    ],
)
def test_an_owners_rule_may_hold_stars_like_the_tables(rule: str) -> None:
    name = f"{OTHER}Moon Landing Surcharge for ASIN: B000000001 (2026-01)"
    assert classify("amazon", [name], {rule: "fee.inbound"}) == [
        Classification(name, "fee.inbound")
    ]
    assert matched_by({rule: "fee.inbound"}, [name, "Order / ItemPrice / Principal"]) == {
        rule: [name]
    }


def test_of_an_owners_rules_the_more_exact_one_decides() -> None:
    own = {f"{OTHER}Moon *": "fee.inbound", f"{OTHER}Moon Landing *": "fee.storage", "* / *": "tip"}
    names = [f"{OTHER}Moon Landing Fee", f"{OTHER}Moon Fee", f"{OTHER}Sun Fee"]
    assert [c.category for c in classify("amazon", names, own)] == [
        "fee.storage",
        "fee.inbound",
        "tip",
    ]


@pytest.mark.parametrize(
    ("name", "category", "assumed"),
    [
        ("FBAFees / Hoverboard Handling Fee / Base fee", "fee.fulfilment", True),
        ("FBAFees / Hoverboard Handling Fee / Discount on Fee", "fee.fulfilment", True),
        ("AmazonFees / Hoverboard Fee / Base fee", "fee.other", True),
        ("Sky / Hoverboard Fee / Base fee", "fee.other", True),
        ("FBAFees / AWD Storage Fee / Discount on Fee", "fee.storage", False),
        ("FBAFees / Hoverboard Handling Fee / Tax on fee", "tax.on_fees", False),
        ("other-transaction / other-transaction / Hoverboard Fee", "unclassified", False),
    ],
)
def test_a_fee_of_a_known_family_is_booked_there_and_said_to_be_assumed(
    name: str, category: str, assumed: bool
) -> None:
    (placed,) = classify("amazon", [name])
    assert (placed.category, placed.assumed) == (category, assumed)


@pytest.mark.parametrize(
    ("name", "category"),
    [
        ("FBAFees / FBA Customer Returns Fee (Apparel) for ASIN: B0ABCDEFGH (2027-11) / Base fee",
         "fee.return_processing"),
        ("FBAFees / AWD Processing Fee / Base fee", "fee.inbound"),
        ("FBAFees / AWD Transportation Fee / Base fee", "fee.inbound"),
        ("FBAFees / Inbound Defect Fee / Base fee", "fee.inbound"),
        ("FBAFees / Capacity Reservation Fee / Base fee", "fee.storage"),
        ("FBAFees / FBA Low-Inventory-Level Fee / Base fee", "fee.storage"),
        ("other-transaction / Amazon Warehousing & Distribution (AWD) / AWD Storage Fee",
         "fee.storage"),
        ("AmazonFees / Amazon service fee for EPR Pay on Behalf - GB - Packaging - "
         "(Period 01.07.2027 - 31.12.2027) / Base fee", "fee.regulatory"),
        ("AmazonFees / Eco-contribution for EPR Pay on Behalf - FR / Base fee", "fee.regulatory"),
        ("Other / MCF Preferred Pricing Seller Credit / Base charge", "fee.fulfilment"),
        ("Liquidations / ItemPrice / Principal", "sales.principal"),
        ("Liquidations / ItemPrice / Tax", "tax.seller_collected"),
        ("Liquidations / ItemFees / LiquidationsBrokerageFee", "fee.removal_disposal"),
        ("Liquidations Adjustments / ItemPrice / Principal", "refund.principal"),
        ("Liquidations Adjustments / ItemFees / LiquidationsBrokerageFee", "fee.removal_disposal"),
    ],
)  # fmt: skip
def test_amazons_words_of_2025_and_2026_have_their_category(name: str, category: str) -> None:
    (placed,) = classify("amazon", [name])
    assert (placed.category, placed.assumed) == (category, False)


def test_a_reversed_reimbursement_is_placed_by_its_sign() -> None:
    (placed,) = classify("amazon", [f"{OTHER}REVERSAL_REIMBURSEMENT"])
    assert (placed.category, placed.if_positive) == (
        "reimbursement.clawback",
        "reimbursement.inventory",
    )


@pytest.mark.parametrize(
    ("words", "category"),
    [
        ("WFS InventoryRemovalOrder", "fee.removal_disposal"),
        ("Inventory Removal", "fee.removal_disposal"),
        ("WFS Returned Item Disposal Fee", "fee.removal_disposal"),
        ("Walmart Product Advertising Credit", "fee.advertising"),
        ("Advertising credits", "fee.advertising"),
        ("Discount Adjustment", "fee.adjustment"),
    ],
)
def test_walmarts_words_have_their_category(words: str, category: str) -> None:
    (placed,) = classify("walmart", [f"Adjustment / Fee/Reimbursement / {words}"])
    assert placed.category == category


def test_the_owners_word_wins_over_the_table() -> None:
    name = "Order / ItemPrice / Principal"
    assert classify("amazon", [name], {name: "tip"})[0].category == "tip"


def test_the_more_exact_rule_wins() -> None:
    exact = "FBAFees / FBA Inventory Storage Fee / Tax on fee"
    assert classify("amazon", [exact])[0].category == "tax.on_fees"
    assert classify("amazon", [exact.replace("Tax on fee", "Any")])[0].category == "fee.storage"


@pytest.mark.parametrize(
    ("channel", "word", "gateway"),
    [
        ("woocommerce", "gateway / ppcp-gateway", "ppcp-gateway"),
        ("woocommerce", "gateway / woocommerce_payments_klarna", "woocommerce_payments"),
        ("woocommerce", "payments / charge", "woocommerce_payments"),
        ("shopify", "gateway / PayPal Express / SALE", "PayPal Express"),
        ("shopify", "gateway / gift_card / SALE", None),
        ("square", "TENDER / EXTERNAL / CHECK", "CHECK"),
        ("square", "TENDER / EXTERNAL", "other"),
        ("amazon", "Order / ItemPrice / Principal", None),
    ],
)
def test_a_gateway_is_named_by_its_rule(channel: str, word: str, gateway: str | None) -> None:
    (classification,) = classify(channel, [word])
    assert (classification.category == GATEWAY) is (gateway is not None)
    assert (classification.source_type, classification.gateway) == (word, gateway)


@pytest.mark.parametrize(
    ("gateway", "component"),
    [
        ("ppcp_gateway", "Ppcp-Gateway"),
        ("PayPal Express", "PayPal-Express"),
        ("Cash (on delivery)", "Cash-On-Delivery"),
        ("2checkout", "2checkout"),
        ("銀行振込", "Gateway-銀行振込"),
        ("überweisung", "Überweisung"),
        (" - ", "Other"),
        (None, "Other"),
    ],
)
def test_a_gateway_becomes_part_of_an_account(gateway: str | None, component: str) -> None:
    assert through(gateway) == component


@given(st.text())
def test_any_gateway_becomes_part_of_an_account(gateway: str) -> None:
    account = f"Assets:Clearing-Gateways:{through(gateway)}"
    assert checked_account(account) == account


def test_gateways_stand_in_no_other_account() -> None:
    with pytest.raises(ValidationError, match="leave it out there"):
        MappingConfig(accounts={"sales": "Income:Sales:{gateway}"})
